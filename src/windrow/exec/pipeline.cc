// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/pipeline.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "windrow/base/check.h"
#include "windrow/column/value_bytes.h"
#include "windrow/exec/ordered_lanes.h"
#include "windrow/exec/task_slots.h"

namespace windrow::exec {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using PreparedPtr = std::unique_ptr<Prepared>;

/// Operators up to and including the breaker or sink that ends them.
struct Segment {
  std::vector<PipelineStep*> operators;
  Breaker* breaker = nullptr;
  Sink* sink = nullptr;
  StepMetrics* metrics = nullptr;  ///< of the breaker or sink
};

std::vector<Segment> CutIntoSegments(Pipeline* pipeline) {
  std::vector<Segment> segments(1);
  for (PipelineStep& step : pipeline->steps) {
    WINDROW_CHECK((step.op == nullptr) != (step.breaker == nullptr));
    if (step.op != nullptr) {
      segments.back().operators.push_back(&step);
      continue;
    }
    segments.back().breaker = step.breaker.get();
    segments.back().metrics = step.metrics;
    segments.emplace_back();
  }
  if (pipeline->sink == nullptr) {
    WINDROW_CHECK(segments.back().operators.empty() && segments.size() > 1);
    segments.pop_back();
  } else {
    segments.back().sink = pipeline->sink.get();
    segments.back().metrics = pipeline->sink_metrics;
  }
  return segments;
}

/// Pushes batches through segments; knows nothing of units and threads.
class SegmentChain {
 public:
  SegmentChain(Pipeline* pipeline, RunContext* context)
      : context_(context), segments_(CutIntoSegments(pipeline)) {
    for (size_t i = 0; i < segments_.size(); ++i) {
      emitters_.push_back(std::make_unique<SegmentEmitter>(this, i + 1));
    }
  }

  /// The parallel part of segment `index` for one batch; null when no row is left.
  Result<PreparedPtr> Prepare(size_t index, BatchPtr batch) {
    const Segment& segment = segments_[index];
    for (PipelineStep* step : segment.operators) {
      const StepTimer timer(step->metrics);
      step->metrics->rows_in += batch->num_rows();
      ARROW_ASSIGN_OR_RAISE(batch, step->op->Process(std::move(batch)));
      step->metrics->rows_out += batch->num_rows();
      if (batch->num_rows() == 0) return nullptr;
    }
    const StepTimer timer(segment.metrics);
    segment.metrics->rows_in += batch->num_rows();
    if (segment.breaker != nullptr) return segment.breaker->Prepare(std::move(batch));
    segment.metrics->rows_out += batch->num_rows();
    return segment.sink->Encode(std::move(batch));
  }

  /// The serial part of segment `index`.
  Status Consume(size_t index, PreparedPtr prepared) {
    if (prepared == nullptr || done(index)) return Status::OK();
    const Segment& segment = segments_[index];
    const StepTimer timer(segment.metrics);
    if (segment.sink != nullptr) {
      ARROW_RETURN_NOT_OK(segment.sink->Write(std::move(prepared)));
      segment.metrics->bytes = segment.sink->bytes_written();
      return Status::OK();
    }
    return segment.breaker->Consume(std::move(prepared), emitters_[index].get());
  }

  /// True when segment `index` or one after it wants no more rows.
  bool done(size_t index) const {
    return std::any_of(segments_.begin() + static_cast<ptrdiff_t>(index), segments_.end(),
                       [](const Segment& segment) {
                         return segment.breaker != nullptr && segment.breaker->done();
                       });
  }

  Status Finish() {
    for (size_t i = 0; i < segments_.size(); ++i) {
      ARROW_RETURN_NOT_OK(context_->stop.Poll());
      const Segment& segment = segments_[i];
      const StepTimer timer(segment.metrics);
      if (segment.sink != nullptr) {
        ARROW_RETURN_NOT_OK(segment.sink->Finish());
        segment.metrics->bytes = segment.sink->bytes_written();
      } else if (!done(i + 1)) {
        ARROW_RETURN_NOT_OK(segment.breaker->Finish(emitters_[i].get()));
      }
    }
    return Status::OK();
  }

 private:
  class SegmentEmitter : public Emitter {
   public:
    SegmentEmitter(SegmentChain* chain, size_t index) : chain_(chain), index_(index) {}

    Status Emit(std::vector<BatchPtr> batches) override {
      if (index_ > 0) {
        int64_t rows = 0;
        for (const BatchPtr& batch : batches) rows += batch->num_rows();
        chain_->segments_[index_ - 1].metrics->rows_out += rows;
      }
      if (chain_->done(index_)) return Status::OK();
      const auto count = static_cast<int64_t>(batches.size());
      std::vector<PreparedPtr> prepared(batches.size());
      ARROW_RETURN_NOT_OK(
          chain_->context_->slots->ParallelFor(count, [&](int64_t i) -> Status {
            ARROW_RETURN_NOT_OK(chain_->context_->stop.Poll());
            ARROW_ASSIGN_OR_RAISE(prepared[i],
                                  chain_->Prepare(index_, std::move(batches[i])));
            return Status::OK();
          }));
      for (PreparedPtr& piece : prepared) {
        ARROW_RETURN_NOT_OK(chain_->context_->stop.Poll());
        ARROW_RETURN_NOT_OK(chain_->Consume(index_, std::move(piece)));
      }
      return Status::OK();
    }

   private:
    SegmentChain* chain_;
    size_t index_;
  };

  RunContext* context_;
  std::vector<Segment> segments_;
  std::vector<std::unique_ptr<SegmentEmitter>> emitters_;
};

/// The life of one pipeline: fetch units, decode them on workers, keep their order.
/// Shared with its tasks, since the last of them may still be returning when Run does.
class PipelineRun : public std::enable_shared_from_this<PipelineRun> {
 public:
  PipelineRun(Pipeline* pipeline, RunContext* context)
      : pipeline_(pipeline),
        context_(context),
        chain_(pipeline, context),
        lanes_(
            pipeline->preserve_order,
            [this](PreparedPtr prepared) { Consume(std::move(prepared)); },
            [this] { UnitLeft(); }) {}

  Status Run() {
    FetchUnits();
    WaitForUnits();
    if (context_->stop.IsStopRequested()) Fail(context_->stop.Poll());
    if (another_failed()) Fail(Status::Cancelled("another pipeline has failed"));
    if (!failed_) Fail(chain_.Finish());
    return first_failure_;
  }

 private:
  struct Unit {
    std::unique_ptr<UnitReader> reader;
    int64_t lane;
  };

  /// True when one more unit may be fetched: always when there is none.
  bool HasRoom(int64_t unit_bytes) const {
    return units_in_flight_ < 2 * context_->slots->num_slots() &&
           (unit_bytes_.empty() ||
            bytes_in_flight_ + unit_bytes <= context_->units_bytes);
  }

  void FetchUnits() {
    for (int64_t lane = 0;; ++lane) {
      const int64_t unit_bytes = pipeline_->source->next_unit_bytes();
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return HasRoom(unit_bytes); });
      }
      if (ended()) return;
      Result<std::unique_ptr<UnitReader>> reader =
          pipeline_->source->NextUnit(context_->stop);
      NoteBytesRead();
      // A failure behind the last row that anybody wants is none.
      if (!reader.ok()) return ended() ? void() : Fail(reader.status());
      if (*reader == nullptr) return;
      {
        const std::scoped_lock lock(mutex_);
        ++units_in_flight_;
        unit_bytes_.push_back(unit_bytes);
        bytes_in_flight_ += unit_bytes;
      }
      lanes_.Open(lane);
      Start(std::make_shared<Unit>(Unit{std::move(*reader), lane}));
    }
  }

  /// Several scans of one source share its metrics.
  void NoteBytesRead() {
    const int64_t bytes = pipeline_->source->bytes_read();
    pipeline_->source_metrics->bytes += bytes - bytes_noted_;
    bytes_noted_ = bytes;
    const int64_t wire_bytes = pipeline_->source->bytes_on_wire();
    pipeline_->source_metrics->wire_bytes += wire_bytes - wire_bytes_noted_;
    wire_bytes_noted_ = wire_bytes;
  }

  void WaitForUnits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return units_in_flight_ == 0; });
  }

  void Start(std::shared_ptr<Unit> unit) {
    context_->slots->Enqueue(
        [self = shared_from_this(), unit = std::move(unit)] { self->Decode(unit); });
  }

  /// Decodes the unit's batches until it ends or is too far ahead of the serial part.
  void Decode(const std::shared_ptr<Unit>& unit) {
    while (!ended()) {
      const auto resume = [this, unit] { Start(unit); };
      if (lanes_.Park(unit->lane, resume)) return;
      if (pipeline_->sink != nullptr && pipeline_->sink->Park(resume)) return;
      Result<BatchPtr> batch = ReadNext(unit.get());
      if (!batch.ok()) {
        Fail(batch.status());
        break;
      }
      if (*batch == nullptr) break;
      if ((*batch)->num_rows() == 0) continue;
      Result<PreparedPtr> prepared = chain_.Prepare(0, std::move(*batch));
      if (!prepared.ok()) {
        Fail(Placed(*unit->reader, prepared.status()));
        break;
      }
      if (*prepared != nullptr) lanes_.Deliver(unit->lane, std::move(*prepared));
    }
    unit->reader.reset();
    lanes_.Close(unit->lane);
  }

  /// What an operator says of a value does not know which file has it.
  static Status Placed(const UnitReader& reader, const Status& status) {
    const std::string place = reader.place();
    return place.empty() || BlameOf(status) != Blame::kData ? status : At(place, status);
  }

  void UnitLeft() {
    const std::scoped_lock lock(mutex_);
    --units_in_flight_;
    // Units leave in the order in which they came.
    bytes_in_flight_ -= unit_bytes_.front();
    unit_bytes_.pop_front();
    changed_.notify_all();
  }

  Result<BatchPtr> ReadNext(Unit* unit) {
    const StepTimer timer(pipeline_->source_metrics);
    ARROW_ASSIGN_OR_RAISE(BatchPtr batch, unit->reader->Next());
    if (batch != nullptr) pipeline_->source_metrics->rows_out += batch->num_rows();
    return batch;
  }

  void Consume(PreparedPtr prepared) {
    if (!ended()) Fail(chain_.Consume(0, std::move(prepared)));
  }

  bool ended() const {
    return failed_ || another_failed() || context_->stop.IsStopRequested() ||
           chain_.done(0);
  }

  bool another_failed() const {
    return context_->has_failed != nullptr && *context_->has_failed;
  }

  void Fail(const Status& status) {
    if (status.ok()) return;
    const std::scoped_lock lock(mutex_);
    if (!failed_) first_failure_ = status;
    failed_ = true;
  }

  Pipeline* pipeline_;
  RunContext* context_;
  SegmentChain chain_;
  OrderedLanes<PreparedPtr> lanes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t bytes_noted_ = 0;  ///< of what the source has read
  int64_t wire_bytes_noted_ = 0;
  int units_in_flight_ = 0;
  std::deque<int64_t> unit_bytes_;  ///< of each unit in flight
  int64_t bytes_in_flight_ = 0;
  std::atomic<bool> failed_ = false;
  Status first_failure_;
};

}  // namespace

Status RunPipeline(Pipeline* pipeline, RunContext* context) {
  return std::make_shared<PipelineRun>(pipeline, context)->Run();
}

int64_t PieceRows(int64_t rows, int64_t bytes, const RunContext& context) {
  // A few thousand rows are worth a task.
  constexpr int64_t kPieces = 8;
  constexpr int64_t kRowsLeast = 8 * 1024;
  const int64_t by_bytes = rows / std::max<int64_t>(1, bytes / context.batch_bytes);
  const int64_t by_rows = std::max(rows / kPieces, kRowsLeast);
  return std::min({by_rows, std::max<int64_t>(by_bytes, 1), context.morsel_rows});
}

std::vector<BatchPtr> CutIntoMorsels(const BatchPtr& batch, const RunContext& context) {
  std::vector<BatchPtr> morsels;
  const int64_t rows = batch->num_rows();
  const int64_t step = PieceRows(rows, column::ValueBytes(*batch, 0, rows), context);
  for (int64_t start = 0; start < rows; start += step) {
    morsels.push_back(batch->Slice(start, step));
  }
  return morsels;
}

}  // namespace windrow::exec
