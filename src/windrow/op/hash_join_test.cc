// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/memory_pipeline.h>
#include <support/random_columns.h>
#include <support/reference_join.h>

#include <algorithm>
#include <numeric>

#include "windrow/column/key_type.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/hash_join_build.h"
#include "windrow/op/hash_join_probe.h"
#include "windrow/op/hash_join_swapped.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

using testing::Batches;
using testing::BatchPtr;
using testing::Chance;
using testing::JsonArray;
using testing::Pick;
using testing::Random;
using ArrayPtr = std::shared_ptr<arrow::Array>;

/// Rows in memory of which some columns pretend to be stored compressed.
class DecodingRows : public exec::RowStore {
 public:
  explicit DecodingRows(const Batches& chunks) : rows_(chunks[0]->schema()) {
    for (const BatchPtr& chunk : chunks) rows_.Add(chunk);
  }
  const std::shared_ptr<arrow::Schema>& schema() const override { return rows_.schema(); }
  const std::vector<int64_t>& chunk_offsets() const override {
    return rows_.chunk_offsets();
  }
  bool IsResident(int column) const override { return column % 2 == 0; }
  Result<ArrayPtr> LoadColumn(int chunk, int column) const override {
    return rows_.LoadColumn(chunk, column);
  }
  int64_t bytes_read() const override { return 0; }

 private:
  RetainedRows rows_;
};

/// One side of a join: a table, of which a filter kept some rows.
struct Side {
  BatchPtr table;
  BatchPtr kept;                 ///< the rows that are joined
  BatchPtr numbered_keys;        ///< their keys, then their row numbers in the table
  std::vector<int> key_columns;  ///< the first columns of all three
  std::shared_ptr<exec::RowStore> store;  ///< of the table

  int row_number_column() const { return static_cast<int>(key_columns.size()); }
  arrow::ArrayVector keys() const {
    const auto& columns = kept->columns();
    return {columns.begin(), columns.begin() + row_number_column()};
  }
};

Side MakeSide(const arrow::ArrayVector& keys, const arrow::ArrayVector& payload,
              double kept_share, Random& random) {
  Side side;
  arrow::ArrayVector columns = keys;
  columns.insert(columns.end(), payload.begin(), payload.end());
  arrow::FieldVector fields;
  for (const ArrayPtr& column : columns)
    fields.push_back(arrow::field("c", column->type()));
  const int64_t rows = keys[0]->length();
  side.table = arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
  Batches chunks = testing::CutAtRandom(side.table, 40, random);
  chunks.push_back(side.table->Slice(0, 0));
  side.store = std::make_shared<DecodingRows>(chunks);
  arrow::Int64Builder numbers;
  std::vector<uint8_t> keeps;
  for (int64_t row = 0; row < rows; ++row) {
    keeps.push_back(Chance(random, kept_share) ? 1 : 0);
    if (keeps.back() == 1) {
      EXPECT_TRUE(numbers.Append(row).ok());
    }
  }
  Batches pieces;
  for (int64_t row = 0; row < rows; ++row) {
    if (keeps[row]) pieces.push_back(side.table->Slice(row, 1));
  }
  side.kept = pieces.empty() ? side.table->Slice(0, 0)
                             : arrow::ConcatenateRecordBatches(pieces).ValueOrDie();
  for (size_t i = 0; i < keys.size(); ++i)
    side.key_columns.push_back(static_cast<int>(i));
  arrow::ArrayVector numbered = side.keys();
  numbered.push_back(numbers.Finish().ValueOrDie());
  fields.resize(keys.size());
  fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64()));
  side.numbered_keys =
      arrow::RecordBatch::Make(arrow::schema(fields), side.kept->num_rows(), numbered);
  return side;
}

/// How a join is run; the answer must not depend on it.
struct Ways {
  int num_slots;
  int64_t batch_rows;
  int64_t window_bytes;
  bool dense_keys;
  bool retains;  ///< build keeps its batches instead of row numbers
  bool swapped;  ///< left side built
  bool streams;  ///< if so, the right side's rows come once and are kept
};

class JoinRun {
 public:
  JoinRun(JoinKind kind, const Side& left, const Side& right, bool nulls_equal,
          const Ways& ways, Random& random)
      : kind_(kind),
        left_(left),
        right_(right),
        ways_(ways),
        slots_(ways.num_slots),
        random_(random) {
    context_.pool = arrow::default_memory_pool();
    context_.slots = &slots_;
    context_.morsel_rows = ways.batch_rows;
    context_.window_bytes = ways.window_bytes;
    context_.dense_keys = ways.dense_keys;
    layout_.nulls_equal = nulls_equal;
    for (const int key : left.key_columns) {
      layout_.types.push_back(column::CommonKeyType(*left.kept->column(key)->type(),
                                                    *right.kept->column(key)->type())
                                  .ValueOrDie());
    }
    output_.left_columns.resize(left.kept->num_columns());
    std::iota(output_.left_columns.begin(), output_.left_columns.end(), 0);
    auto fields = left.kept->schema()->fields();
    if (kind == JoinKind::kInner || kind == JoinKind::kLeft) {
      output_.right_columns.resize(right.kept->num_columns());
      std::iota(output_.right_columns.begin(), output_.right_columns.end(), 0);
      for (const auto& field : right.kept->schema()->fields()) fields.push_back(field);
    }
    output_.schema = arrow::schema(fields);
  }

  Result<Batches> Run() {
    const Side& build = ways_.swapped ? left_ : right_;
    auto built = std::make_shared<BuiltSide>(layout_, context_.pool);
    const BatchPtr& input = ways_.retains ? build.kept : build.numbered_keys;
    auto breaker = std::make_unique<HashJoinBuild>(
        HashJoinBuild::Options{build.key_columns,
                               ways_.retains ? -1 : build.row_number_column()},
        input->schema(), built, &context_, metrics_.Add("build", "hash_join"));
    exec::PipelineStep build_step{nullptr, std::move(breaker), metrics_.Add("b", "b")};
    ARROW_RETURN_NOT_OK(RunSteps(input, std::move(build_step), /*has_sink=*/false));
    if (!ways_.retains) built->rows = build.store;
    const BatchPtr& probed = !ways_.swapped  ? left_.kept
                             : ways_.streams ? right_.kept
                                             : right_.numbered_keys;
    ARROW_RETURN_NOT_OK(RunSteps(probed, ProbeStep(built), /*has_sink=*/true));
    return std::move(written_);
  }

 private:
  exec::PipelineStep ProbeStep(const std::shared_ptr<BuiltSide>& built) {
    exec::StepMetrics* metrics = metrics_.Add("probe", "hash_join");
    if (ways_.swapped) {
      return {nullptr,
              std::make_unique<HashJoinSwapped>(
                  HashJoinSwapped::Options{
                      kind_, right_.key_columns,
                      ways_.streams ? -1 : right_.row_number_column(), output_},
                  right_.kept->schema(), built, ways_.streams ? nullptr : right_.store,
                  &context_, metrics),
              metrics};
    }
    if (kind_ == JoinKind::kSemi || kind_ == JoinKind::kAnti) {
      return {std::make_unique<HashJoinFilter>(kind_, left_.key_columns, std::nullopt,
                                               output_.schema, built, &context_),
              nullptr, metrics};
    }
    return {nullptr,
            std::make_unique<HashJoinProbe>(
                HashJoinProbe::Options{kind_, left_.key_columns, output_},
                left_.kept->schema(), built, &context_, metrics),
            metrics};
  }

  Status RunSteps(const BatchPtr& input, exec::PipelineStep step, bool has_sink) {
    exec::Pipeline pipeline;
    pipeline.source = std::make_unique<testing::MemorySource>(
        input->schema(),
        testing::AsUnits(testing::CutAtRandom(input, ways_.batch_rows, random_)));
    pipeline.source_metrics = metrics_.Add("source", "scan");
    pipeline.steps.push_back(std::move(step));
    if (has_sink) {
      pipeline.sink = std::make_unique<testing::CollectingSink>(&written_);
      pipeline.sink_metrics = metrics_.Add("sink", "write");
    }
    return exec::RunPipeline(&pipeline, &context_);
  }

  JoinKind kind_;
  const Side& left_;
  const Side& right_;
  Ways ways_;
  exec::TaskSlots slots_;
  Random& random_;
  exec::RunContext context_;
  exec::RunMetrics metrics_;
  column::KeyLayout layout_;
  JoinOutput output_;
  Batches written_;
};

/// The columns of both sides at the reference's pairs, against what was written.
void ExpectJoin(JoinKind kind, const Side& left, const Side& right, bool nulls_equal,
                const Ways& ways, Random& random) {
  const auto written = JoinRun(kind, left, right, nulls_equal, ways, random).Run();
  ASSERT_TRUE(written.ok()) << written.status();
  const testing::RowPairs pairs =
      testing::ReferenceJoin(kind, left.keys(), right.keys(), nulls_equal);
  int64_t rows = 0;
  for (const BatchPtr& batch : *written) {
    ASSERT_TRUE(batch->ValidateFull().ok());
    ASSERT_LE(batch->num_rows(), std::max<int64_t>(ways.batch_rows, 1));
    rows += batch->num_rows();
  }
  ASSERT_EQ(rows, static_cast<int64_t>(pairs.left.size()));
  if (rows == 0) return;
  const int num_left = left.kept->num_columns();
  for (int c = 0; c < (*written)[0]->num_columns(); ++c) {
    arrow::ArrayVector chunks;
    for (const BatchPtr& batch : *written)
      chunks.push_back(testing::Decoded(batch->column(c)));
    const ArrayPtr found = arrow::Concatenate(chunks).ValueOrDie();
    const ArrayPtr expected =
        c < num_left ? testing::TakeRows({left.kept->column(c)}, pairs.left)
                     : testing::TakeRows({right.kept->column(c - num_left)}, pairs.right);
    ASSERT_TRUE(found->Equals(*expected)) << "column " << c << "\n"
                                          << found->ToString() << expected->ToString();
  }
}

/// Numbers low .. high as a pool of keys of some type.
ArrayPtr Numbers(const std::shared_ptr<arrow::DataType>& type, int64_t low,
                 int64_t high) {
  std::string json = "[";
  for (int64_t value = low; value <= high; ++value) {
    if (value > low) json += ',';
    if (type->id() == arrow::Type::STRING) json += '"';
    json += std::to_string(value * 3);
    if (type->id() == arrow::Type::STRING) json += '"';
  }
  return JsonArray(type, json + "]");
}

struct KeyTypes {
  std::vector<std::shared_ptr<arrow::DataType>> left;
  std::vector<std::shared_ptr<arrow::DataType>> right;
  bool left_coded = false;
  bool right_coded = false;
};

const std::vector<KeyTypes> kKeyTypes = {
    {{arrow::int64()}, {arrow::int64()}},
    {{arrow::int32()}, {arrow::int64()}},
    {{arrow::uint16()}, {arrow::int64()}, false, true},
    {{arrow::utf8()}, {arrow::utf8()}},
    {{arrow::utf8()}, {arrow::utf8()}, true, false},
    {{arrow::utf8()}, {arrow::utf8()}, true, true},
    {{arrow::utf8(), arrow::int64()}, {arrow::utf8(), arrow::int16()}},
    {{arrow::null()}, {arrow::int64()}},
};

arrow::ArrayVector DrawKeys(const std::vector<std::shared_ptr<arrow::DataType>>& types,
                            bool is_coded, int64_t high, int64_t rows, double null_share,
                            Random& random) {
  arrow::ArrayVector keys;
  for (const auto& type : types) {
    if (type->id() == arrow::Type::NA) {
      keys.push_back(std::make_shared<arrow::NullArray>(rows));
      continue;
    }
    keys.push_back(testing::Draw(Numbers(type, 0, high), rows, null_share, random));
    if (is_coded) keys.back() = testing::AsDictionary(keys.back(), random);
  }
  return keys;
}

void RunRandom(uint64_t seed) {
  Random random(seed);
  const KeyTypes& types = kKeyTypes[seed % kKeyTypes.size()];
  const auto kind = static_cast<JoinKind>(Pick(random, 0, 3));
  const int64_t high = std::vector<int64_t>{2, 40, 400}[Pick(random, 0, 2)];
  const bool nulls_equal = Chance(random, 0.3);
  const double kept_share = Chance(random, 0.5) ? 1 : 0.6;
  auto side = [&](const auto& key_types, bool is_coded) {
    const int64_t rows = Chance(random, 0.1) ? 0 : Pick(random, 1, high == 2 ? 60 : 150);
    const double null_share = Chance(random, 0.4) ? 0 : 0.3;
    const ArrayPtr text = testing::Draw(
        JsonArray(arrow::utf8(), R"(["a", "", "longer text"])"), rows, 0.2, random);
    return MakeSide(
        DrawKeys(key_types, is_coded, high, rows, null_share, random),
        {text, testing::AsDictionary(text, random),
         testing::Draw(JsonArray(arrow::boolean(), "[true, false]"), rows, 0, random),
         std::make_shared<arrow::NullArray>(rows),
         testing::Draw(JsonArray(arrow::list(arrow::int8()), "[[], [1, 2]]"), rows, 0.1,
                       random)},
        kept_share, random);
  };
  const Side left = side(types.left, types.left_coded);
  const Side right = side(types.right, types.right_coded);
  const std::vector<int64_t> windows = {1, 1000, 1 << 20};
  const std::vector<int64_t> batches = {1, 7, 1000};
  const Ways ways{static_cast<int>(Pick(random, 1, 4)),
                  batches[Pick(random, 0, 2)],
                  windows[Pick(random, 0, 2)],
                  Chance(random, 0.7),
                  Chance(random, 0.5),
                  Chance(random, 0.5),
                  Chance(random, 0.5)};
  SCOPED_TRACE(
      "seed " + std::to_string(seed) + ", kind " +
      std::to_string(static_cast<int>(kind)) + (ways.swapped ? ", swapped" : "") +
      (ways.streams ? ", streams" : "") + (ways.retains ? ", retains" : "") + ", slots " +
      std::to_string(ways.num_slots) + ", batch rows " + std::to_string(ways.batch_rows) +
      ", window " + std::to_string(ways.window_bytes));
  ExpectJoin(kind, left, right, nulls_equal, ways, random);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kRandomJoins = 300;
#else
constexpr uint64_t kRandomJoins = 1000;
#endif

TEST(HashJoin, RandomJoinsAgainstNestedLoops) {
  for (uint64_t seed = 0; seed < kRandomJoins; ++seed) {
    RunRandom(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Counts the bytes of left batches that a join holds back.
TEST(HashJoinProbe, FewMatchesHoldFewLeftBatches) {
  exec::TaskSlots slots(1);
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  context.window_bytes = 1000;
  exec::StepMetrics metrics("join", "hash_join");
  auto built = std::make_shared<BuiltSide>(column::KeyLayout{{arrow::int64()}, false},
                                           context.pool);
  const auto schema = arrow::schema({arrow::field("k", arrow::int64())});
  HashJoinBuild build({{0}, -1}, schema, built, &context, &metrics);
  auto batch_of = [&](const ArrayPtr& keys) {
    return arrow::RecordBatch::Make(schema, keys->length(), {keys});
  };
  ASSERT_TRUE(
      build
          .Consume(build.Prepare(batch_of(JsonArray(arrow::int64(), "[7]"))).ValueOrDie(),
                   nullptr)
          .ok());
  ASSERT_TRUE(build.Finish(nullptr).ok());
  const auto output = arrow::schema({schema->field(0), schema->field(0)});
  HashJoinProbe probe({JoinKind::kInner, {0}, {output, {0}, {0}}}, schema, built,
                      &context, &metrics);
  struct CountingEmitter : exec::Emitter {
    Status Emit(Batches batches) override {
      for (const BatchPtr& batch : batches) rows += batch->num_rows();
      return Status::OK();
    }
    int64_t rows = 0;
  } emitter;
  std::vector<std::weak_ptr<arrow::RecordBatch>> batches;
  for (int i = 0; i < 30; ++i) {
    arrow::Int64Builder keys;
    for (int64_t key = 0; key < 100; ++key) ASSERT_TRUE(keys.Append(key).ok());
    BatchPtr batch = batch_of(keys.Finish().ValueOrDie());
    batches.push_back(batch);
    auto prepared = probe.Prepare(std::move(batch));
    ASSERT_TRUE(prepared.ok());
    ASSERT_TRUE(probe.Consume(std::move(*prepared), &emitter).ok());
    const auto held = std::count_if(batches.begin(), batches.end(),
                                    [](const auto& kept) { return !kept.expired(); });
    EXPECT_LE(held, 2) << "800 bytes each, with a window of 1,000";
  }
  ASSERT_TRUE(probe.Finish(&emitter).ok());
  EXPECT_EQ(emitter.rows, 30);
}

}  // namespace
}  // namespace windrow::op
