// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/limit.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "windrow/op/whole_batch.h"

namespace windrow::op {

Limit::Limit(int64_t count, std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)), rows_left_(count) {}

Result<std::unique_ptr<exec::Prepared>> Limit::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  return std::make_unique<WholeBatch>(std::move(batch));
}

Status Limit::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter* emitter) {
  const auto& batch = static_cast<WholeBatch&>(*prepared).batch;
  const int64_t rows = std::min(rows_left_.load(), batch->num_rows());
  ARROW_RETURN_NOT_OK(emitter->Emit({batch->Slice(0, rows)}));
  rows_left_ -= rows;
  return Status::OK();
}

bool Limit::done() const { return rows_left_ == 0; }

}  // namespace windrow::op
