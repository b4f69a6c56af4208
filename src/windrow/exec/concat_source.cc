// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/concat_source.h"

#include <arrow/record_batch.h>

#include <utility>

#include "windrow/base/check.h"

namespace windrow::exec {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// A unit of a part; its batches come out of the part's operators.
class PartReader : public UnitReader {
 public:
  PartReader(std::unique_ptr<UnitReader> unit, ConcatPart* part)
      : unit_(std::move(unit)), part_(part) {}

  Result<BatchPtr> Next() override {
    while (true) {
      BatchPtr batch;
      {
        const StepTimer timer(part_->source_metrics);
        ARROW_ASSIGN_OR_RAISE(batch, unit_->Next());
      }
      if (batch == nullptr) return batch;
      part_->source_metrics->rows_out += batch->num_rows();
      for (PipelineStep& step : part_->steps) {
        if (batch->num_rows() == 0) break;
        const StepTimer timer(step.metrics);
        step.metrics->rows_in += batch->num_rows();
        ARROW_ASSIGN_OR_RAISE(batch, step.op->Process(std::move(batch)));
        step.metrics->rows_out += batch->num_rows();
      }
      if (batch->num_rows() > 0) return batch;
    }
  }

  std::string place() const override { return unit_->place(); }

 private:
  std::unique_ptr<UnitReader> unit_;
  ConcatPart* part_;
};

}  // namespace

ConcatSource::ConcatSource(std::vector<ConcatPart> parts,
                           std::shared_ptr<arrow::Schema> schema)
    : parts_(std::move(parts)), schema_(std::move(schema)) {
  WINDROW_CHECK(!parts_.empty());
}

Result<std::unique_ptr<UnitReader>> ConcatSource::NextUnit(const arrow::StopToken& stop) {
  for (; current_ < parts_.size(); ++current_) {
    ConcatPart& part = parts_[current_];
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<UnitReader> unit, part.source->NextUnit(stop));
    const int64_t bytes = part.source->bytes_read();
    part.source_metrics->bytes += bytes - std::exchange(part.bytes_noted, bytes);
    if (unit != nullptr) return std::make_unique<PartReader>(std::move(unit), &part);
    ARROW_RETURN_NOT_OK(stop.Poll());
  }
  return nullptr;
}

int64_t ConcatSource::next_unit_bytes() const {
  return current_ < parts_.size() ? parts_[current_].source->next_unit_bytes() : 0;
}

}  // namespace windrow::exec
