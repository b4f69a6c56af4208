// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/collect_sink.h"

#include <utility>

namespace windrow::sink {
namespace {

struct CollectedBatch : exec::Prepared {
  explicit CollectedBatch(std::shared_ptr<arrow::RecordBatch> batch)
      : batch(std::move(batch)) {}
  std::shared_ptr<arrow::RecordBatch> batch;
};

}  // namespace

CollectSink::CollectSink(std::shared_ptr<Batches> batches)
    : batches_(std::move(batches)) {}

Result<std::unique_ptr<exec::Prepared>> CollectSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  return std::make_unique<CollectedBatch>(std::move(batch));
}

Status CollectSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  batches_->push_back(std::move(static_cast<CollectedBatch&>(*encoded).batch));
  return Status::OK();
}

void CollectSink::Abort() { batches_->clear(); }

}  // namespace windrow::sink
