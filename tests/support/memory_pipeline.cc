// SPDX-License-Identifier: Apache-2.0
#include "support/memory_pipeline.h"

#include <arrow/record_batch.h>

namespace windrow::testing {
namespace {

class MemoryUnit : public exec::UnitReader {
 public:
  explicit MemoryUnit(Batches batches) : batches_(std::move(batches)) {}
  Result<BatchPtr> Next() override {
    return next_ == batches_.size() ? nullptr : batches_[next_++];
  }

 private:
  Batches batches_;
  size_t next_ = 0;
};

struct KeptBatch : exec::Prepared {
  explicit KeptBatch(BatchPtr batch) : batch(std::move(batch)) {}
  BatchPtr batch;
};

}  // namespace

Result<std::unique_ptr<exec::UnitReader>> MemorySource::NextUnit(
    const arrow::StopToken&) {
  if (units_.empty()) return nullptr;
  auto unit = std::make_unique<MemoryUnit>(std::move(units_.front()));
  units_.pop_front();
  return unit;
}

std::deque<Batches> AsUnits(const Batches& batches) {
  std::deque<Batches> units;
  for (size_t i = 0; i < batches.size();) {
    Batches unit;
    const size_t end = i + 1 + units.size() % 3;
    for (; i < batches.size() && i < end; ++i) unit.push_back(batches[i]);
    units.push_back(std::move(unit));
  }
  return units;
}

Result<std::unique_ptr<exec::Prepared>> CollectingSink::Encode(BatchPtr batch) {
  ARROW_RETURN_NOT_OK(batch->Validate());
  return std::make_unique<KeptBatch>(std::move(batch));
}

Status CollectingSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  rows_->push_back(std::move(static_cast<KeptBatch&>(*encoded).batch));
  return Status::OK();
}

}  // namespace windrow::testing
