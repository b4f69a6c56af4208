// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/pipeline.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <numeric>
#include <string>
#include <thread>

#include "windrow/exec/task_slots.h"

namespace windrow::exec {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using PreparedPtr = std::unique_ptr<Prepared>;
using Rows = std::vector<int64_t>;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Pick;

const auto kSchema = arrow::schema({arrow::field("row", arrow::int64())});

BatchPtr CountingBatch(int64_t first, int64_t rows) {
  arrow::Int64Builder builder;
  for (int64_t row = first; row < first + rows; ++row)
    EXPECT_TRUE(builder.Append(row).ok());
  return arrow::RecordBatch::Make(kSchema, rows, {builder.Finish().ValueOrDie()});
}

/// What a run does wrong and how, and what was seen of it. Shared by all parts of a
/// pipeline.
struct Script {
  std::string failing;                ///< name of the call that fails
  std::atomic<int> calls_before = 0;  ///< calls of it that still succeed
  milliseconds write_time{0};
  std::atomic<int> live_units = 0;
  std::atomic<int> most_live_units = 0;
  std::atomic<int> live_batches = 0;  ///< prepared and not yet consumed
  std::atomic<int> most_live_batches = 0;
  std::atomic<int> serial_calls = 0;
  std::atomic<int> units_asked = 0;

  Status At(const char* call) {
    if (failing == call && calls_before-- == 0) return DataError("failed in ", call);
    return Status::OK();
  }
  static void Raise(std::atomic<int>* most, int value) {
    int seen = *most;
    while (value > seen && !most->compare_exchange_weak(seen, value)) {
    }
  }
};

struct HeldBatch : Prepared {
  HeldBatch(BatchPtr batch, Script* script) : batch(std::move(batch)), script(script) {
    Script::Raise(&script->most_live_batches, ++script->live_batches);
  }
  ~HeldBatch() override { --script->live_batches; }
  BatchPtr batch;
  Script* script;
};

/// Checks that the serial calls of a breaker or sink are serial.
class SerialCall {
 public:
  explicit SerialCall(std::atomic<int>* calls) : calls_(calls) {
    EXPECT_EQ(++*calls_, 1);
  }
  ~SerialCall() { --*calls_; }

 private:
  std::atomic<int>* calls_;
};

class CountingUnit : public UnitReader {
 public:
  CountingUnit(int64_t first, std::vector<int64_t> batch_rows, Script* script)
      : row_(first), batch_rows_(std::move(batch_rows)), script_(script) {
    Script::Raise(&script->most_live_units, ++script->live_units);
  }
  ~CountingUnit() override { --script_->live_units; }

  Result<BatchPtr> Next() override {
    ARROW_RETURN_NOT_OK(script_->At("Next"));
    if (next_ == batch_rows_.size()) return nullptr;
    const int64_t rows = batch_rows_[next_++];
    BatchPtr batch = CountingBatch(row_, rows);
    row_ += rows;
    return batch;
  }

 private:
  int64_t row_;
  std::vector<int64_t> batch_rows_;
  size_t next_ = 0;
  Script* script_;
};

/// Units as given; the last one again and again when endless.
class CountingSource : public Source {
 public:
  CountingSource(std::vector<std::vector<int64_t>> units, bool is_endless, Script* script)
      : units_(std::move(units)), is_endless_(is_endless), script_(script) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return kSchema; }
  int64_t bytes_read() const override { return static_cast<int64_t>(next_); }
  Result<std::unique_ptr<UnitReader>> NextUnit(const arrow::StopToken&) override {
    ++script_->units_asked;
    ARROW_RETURN_NOT_OK(script_->At("NextUnit"));
    if (next_ == units_.size()) {
      if (!is_endless_) return nullptr;
      --next_;
    }
    const auto& unit = units_[next_++];
    const int64_t first = row_;
    row_ = std::accumulate(unit.begin(), unit.end(), row_);
    return std::make_unique<CountingUnit>(first, unit, script_);
  }

 private:
  std::vector<std::vector<int64_t>> units_;
  bool is_endless_;
  Script* script_;
  size_t next_ = 0;
  int64_t row_ = 0;
};

/// Passes batches; leaves nothing of every third of them when dropping.
class PassOperator : public Operator {
 public:
  PassOperator(bool drops, Script* script) : drops_(drops), script_(script) {}
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return kSchema; }
  Result<BatchPtr> Process(BatchPtr batch) override {
    ARROW_RETURN_NOT_OK(script_->At("Process"));
    if (drops_ && ++batches_ % 3 == 0) return batch->Slice(0, 0);
    return batch;
  }

 private:
  bool drops_;
  Script* script_;
  std::atomic<int> batches_ = 0;
};

enum class Emits { kAtOnce, kAtEnd, kNever, kFirstTen, kForever };

class TestBreaker : public Breaker {
 public:
  TestBreaker(Emits emits, Script* script) : emits_(emits), script_(script) {}
  const std::shared_ptr<arrow::Schema>& output_schema() const override { return kSchema; }

  Result<PreparedPtr> Prepare(BatchPtr batch) override {
    ARROW_RETURN_NOT_OK(script_->At("Prepare"));
    return std::make_unique<HeldBatch>(std::move(batch), script_);
  }

  Status Consume(PreparedPtr prepared, Emitter* emitter) override {
    const SerialCall serial(&calls_);
    ARROW_RETURN_NOT_OK(script_->At("Consume"));
    BatchPtr batch = static_cast<HeldBatch&>(*prepared).batch;
    prepared.reset();
    switch (emits_) {
      case Emits::kAtOnce:
        return emitter->Emit({batch->Slice(0, 1), batch->Slice(1)});
      case Emits::kFirstTen: {
        const int64_t rows = std::min(rows_left_.load(), batch->num_rows());
        ARROW_RETURN_NOT_OK(emitter->Emit({batch->Slice(0, rows)}));
        rows_left_ -= rows;
        return Status::OK();
      }
      default:
        kept_.push_back(std::move(batch));
        return Status::OK();
    }
  }

  Status Finish(Emitter* emitter) override {
    const SerialCall serial(&calls_);
    ARROW_RETURN_NOT_OK(script_->At("BreakerFinish"));
    while (emits_ == Emits::kForever) {
      ARROW_RETURN_NOT_OK(emitter->Emit({CountingBatch(0, 1)}));
    }
    if (emits_ != Emits::kAtEnd) return Status::OK();
    const size_t half = kept_.size() / 2;
    ARROW_RETURN_NOT_OK(emitter->Emit({kept_.begin(), kept_.begin() + half}));
    return emitter->Emit({kept_.begin() + half, kept_.end()});
  }

  bool done() const override { return emits_ == Emits::kFirstTen && rows_left_ == 0; }

 private:
  Emits emits_;
  Script* script_;
  std::vector<BatchPtr> kept_;
  std::atomic<int64_t> rows_left_ = 10;
  std::atomic<int> calls_ = 0;
};

class RowSink : public TransientSink {
 public:
  RowSink(Rows* rows, Script* script) : rows_(rows), script_(script) {}
  Result<PreparedPtr> Encode(BatchPtr batch) override {
    ARROW_RETURN_NOT_OK(script_->At("Encode"));
    return std::make_unique<HeldBatch>(std::move(batch), script_);
  }
  Status Write(PreparedPtr encoded) override {
    const SerialCall serial(&calls_);
    ARROW_RETURN_NOT_OK(script_->At("Write"));
    if (script_->write_time.count() > 0) std::this_thread::sleep_for(script_->write_time);
    const auto& column = *static_cast<HeldBatch&>(*encoded).batch->column(0);
    for (int64_t i = 0; i < column.length(); ++i) {
      rows_->push_back(static_cast<const arrow::Int64Array&>(column).Value(i));
    }
    return Status::OK();
  }
  Status Finish() override { return script_->At("SinkFinish"); }
  int64_t bytes_written() const override {
    return static_cast<int64_t>(rows_->size()) * 8;
  }

 private:
  Rows* rows_;
  Script* script_;
  std::atomic<int> calls_ = 0;
};

struct Shape {
  std::vector<std::vector<int64_t>> units;
  bool is_endless = false;
  std::vector<Emits> breakers;
  bool drops = false;
  bool preserve_order = true;
};

/// Ends the test program when `body` takes longer than the limit: a hang has no other
/// end.
template <typename Body>
auto WithWatchdog(const std::string& what, const Body& body) {
  auto result = std::async(std::launch::async, body);
  if (result.wait_for(seconds(60)) != std::future_status::ready) {
    std::fprintf(stderr, "hangs: %s\n", what.c_str());
    std::abort();
  }
  return result.get();
}

class PipelineTest : public ::testing::Test {
 protected:
  Status Run(const Shape& shape, int num_slots, Script* script, Rows* rows,
             arrow::StopToken stop = arrow::StopToken::Unstoppable()) {
    TaskSlots slots(num_slots);
    RunContext context;
    context.pool = arrow::default_memory_pool();
    context.slots = &slots;
    context.stop = stop;
    RunMetrics metrics;
    Pipeline pipeline;
    pipeline.preserve_order = shape.preserve_order;
    pipeline.source =
        std::make_unique<CountingSource>(shape.units, shape.is_endless, script);
    pipeline.source_metrics = metrics.Add("source", "scan");
    auto add_operator = [&] {
      pipeline.steps.push_back({std::make_unique<PassOperator>(shape.drops, script),
                                nullptr, metrics.Add("op", "filter")});
    };
    add_operator();
    for (const Emits emits : shape.breakers) {
      pipeline.steps.push_back({nullptr, std::make_unique<TestBreaker>(emits, script),
                                metrics.Add("b", "sort")});
      if (emits != Emits::kNever) add_operator();
    }
    if (shape.breakers.empty() || shape.breakers.back() != Emits::kNever) {
      pipeline.sink = std::make_unique<RowSink>(rows, script);
      pipeline.sink_metrics = metrics.Add("sink", "write");
    }
    return WithWatchdog(script->failing,
                        [&] { return RunPipeline(&pipeline, &context); });
  }

  static Shape RandomShape(testing::Random& random) {
    Shape shape;
    for (int64_t units = Pick(random, 0, 12); units > 0; --units) {
      std::vector<int64_t> unit;
      for (int64_t batches = Pick(random, 0, 9); batches > 0; --batches) {
        unit.push_back(Pick(random, 0, 5));
      }
      shape.units.push_back(std::move(unit));
    }
    for (int64_t breakers = Pick(random, 0, 3); breakers > 0; --breakers) {
      shape.breakers.push_back(testing::Chance(random, 0.5) ? Emits::kAtOnce
                                                            : Emits::kAtEnd);
    }
    return shape;
  }

  static int64_t NumRows(const Shape& shape) {
    int64_t rows = 0;
    for (const auto& unit : shape.units)
      rows = std::accumulate(unit.begin(), unit.end(), rows);
    return rows;
  }

  static Rows Count(int64_t rows) {
    Rows counted(static_cast<size_t>(rows));
    std::iota(counted.begin(), counted.end(), int64_t{0});
    return counted;
  }
};

TEST_F(PipelineTest, RowsArriveInOrder) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    for (const int num_slots : {1, 2, 4}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", slots " +
                   std::to_string(num_slots));
      testing::Random random(seed);
      const Shape shape = RandomShape(random);
      Script script;
      Rows rows;
      ASSERT_TRUE(Run(shape, num_slots, &script, &rows).ok());
      ASSERT_EQ(rows, Count(NumRows(shape)));
      EXPECT_LE(script.most_live_units, 2 * num_slots);
      EXPECT_EQ(script.live_units, 0);
      EXPECT_EQ(script.live_batches, 0);
    }
  }
}

TEST_F(PipelineTest, UnorderedDeliversEveryRowOnce) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    testing::Random random(seed);
    Shape shape = RandomShape(random);
    shape.preserve_order = false;
    Script script;
    Rows rows;
    ASSERT_TRUE(Run(shape, 4, &script, &rows).ok());
    std::sort(rows.begin(), rows.end());
    ASSERT_EQ(rows, Count(NumRows(shape))) << "seed " << seed;
  }
}

TEST_F(PipelineTest, DroppedBatchesLeaveTheRestInOrder) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    testing::Random random(seed);
    Shape shape = RandomShape(random);
    shape.drops = true;
    Script script;
    Rows rows;
    ASSERT_TRUE(Run(shape, 2, &script, &rows).ok());
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end())) << "seed " << seed;
  }
}

TEST_F(PipelineTest, ASlowSinkHoldsBackTheSource) {
  const std::vector<int64_t> long_unit(120, 1);
  for (const bool preserve_order : {true, false}) {
    Shape shape{{{}, long_unit, long_unit}};
    shape.preserve_order = preserve_order;
    Script script;
    script.write_time = milliseconds(1);
    Rows rows;
    ASSERT_TRUE(Run(shape, 2, &script, &rows).ok());
    EXPECT_EQ(rows.size(), 240);
    // Four waiting batches a unit, one being made a slot, one being written.
    EXPECT_LE(script.most_live_batches, 4 * 4 + 2 + 1);
  }
}

TEST_F(PipelineTest, AFailureAnywhereComesOutOnce) {
  const Shape shape{{{3, 3}, {}, {3}, {3, 3, 3, 3, 3, 3, 3}, {3}, {3}},
                    false,
                    {Emits::kAtOnce, Emits::kAtEnd}};
  for (const char* call : {"NextUnit", "Next", "Process", "Prepare", "Consume",
                           "BreakerFinish", "Encode", "Write", "SinkFinish"}) {
    for (const int calls_before : {0, 1, 4}) {
      for (int round = 0; round < 12; ++round) {
        Script script;
        script.failing = call;
        script.calls_before = calls_before;
        Rows rows;
        const Status status = Run(shape, round % 4 + 1, &script, &rows);
        const bool is_reached = script.calls_before < 0;
        EXPECT_EQ(status.ok(), !is_reached)
            << call << " " << calls_before << " " << status;
        if (is_reached) {
          EXPECT_EQ(status.message(), std::string("failed in ") + call);
          EXPECT_EQ(BlameOf(status), Blame::kData);
        }
        EXPECT_EQ(script.live_units, 0);
        EXPECT_EQ(script.live_batches, 0);
      }
    }
  }
}

TEST_F(PipelineTest, AFailureEndsAnEndlessSource) {
  for (const char* call : {"Next", "Process", "Write"}) {
    Script script;
    script.failing = call;
    script.calls_before = 50;
    Rows rows;
    EXPECT_FALSE(Run({{{2, 2}}, true}, 2, &script, &rows).ok());
  }
}

TEST_F(PipelineTest, ADoneBreakerStopsTheSource) {
  for (const int num_slots : {1, 2, 4}) {
    for (const auto& breakers : std::vector<std::vector<Emits>>{
             {Emits::kFirstTen},
             {Emits::kAtOnce, Emits::kFirstTen},
             {Emits::kFirstTen, Emits::kAtEnd, Emits::kAtOnce}}) {
      Script script;
      Rows rows;
      ASSERT_TRUE(Run({{{3, 4}}, true, breakers}, num_slots, &script, &rows).ok());
      EXPECT_EQ(rows, Count(10));
    }
  }
}

TEST_F(PipelineTest, ALastBreakerNeedsNoSink) {
  Script script;
  Rows rows;
  EXPECT_TRUE(
      Run({{{3}, {4}}, false, {Emits::kAtOnce, Emits::kNever}}, 2, &script, &rows).ok());
  EXPECT_TRUE(rows.empty());
}

TEST_F(PipelineTest, StopEndsWithinASecond) {
  for (const Shape& shape :
       {Shape{{{2, 2}}, true, {Emits::kAtOnce}}, Shape{{{2, 2}}, true, {Emits::kNever}},
        Shape{{{2}}, false, {Emits::kForever}}}) {
    Script script;
    Rows rows;
    arrow::StopSource stop;
    std::chrono::steady_clock::time_point stopped;
    std::thread user([&] {
      std::this_thread::sleep_for(milliseconds(30));
      stopped = std::chrono::steady_clock::now();
      stop.RequestStop();
    });
    const Status status = Run(shape, 2, &script, &rows, stop.token());
    const auto ended = std::chrono::steady_clock::now();
    user.join();
    EXPECT_EQ(BlameOf(status), Blame::kCancelled) << status;
    EXPECT_LT(ended - stopped, seconds(1));
  }
}

TEST(CutIntoMorsels, PiecesOfAtMostMorselRows) {
  RunContext context;
  context.morsel_rows = 4;
  EXPECT_TRUE(CutIntoMorsels(CountingBatch(0, 0), context).empty());
  const auto morsels = CutIntoMorsels(CountingBatch(0, 9), context);
  ASSERT_EQ(morsels.size(), 3);
  EXPECT_EQ(morsels[2]->num_rows(), 1);
}

TEST(CutIntoMorsels, SomePiecesOfManyRows) {
  const RunContext context;
  EXPECT_EQ(CutIntoMorsels(CountingBatch(0, 8'000), context).size(), 1);
  EXPECT_EQ(CutIntoMorsels(CountingBatch(0, 40'000), context).size(), 5);
  EXPECT_EQ(CutIntoMorsels(CountingBatch(0, 160'000), context).size(), 8);
  EXPECT_EQ(CutIntoMorsels(CountingBatch(0, 640'000), context).size(), 10);
}

TEST(CutIntoMorsels, PiecesOfAboutTheBatchBytes) {
  RunContext context;
  context.batch_bytes = 32;  // of rows of eight bytes
  const auto morsels = CutIntoMorsels(CountingBatch(0, 9), context);
  ASSERT_EQ(morsels.size(), 3);
  EXPECT_EQ(morsels[0]->num_rows(), 4);
  EXPECT_EQ(morsels[2]->num_rows(), 1);
  context.batch_bytes = 1;
  EXPECT_EQ(CutIntoMorsels(CountingBatch(0, 9), context).size(), 9);
}

}  // namespace
}  // namespace windrow::exec
