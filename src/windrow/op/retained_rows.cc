// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/retained_rows.h"

#include <arrow/record_batch.h>

#include "windrow/column/value_bytes.h"

namespace windrow::op {

RetainedRows::RetainedRows(std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)) {}

void RetainedRows::Add(std::shared_ptr<arrow::RecordBatch> batch) {
  value_bytes_ += column::ValueBytes(*batch, 0, batch->num_rows());
  chunk_offsets_.push_back(chunk_offsets_.back() + batch->num_rows());
  batches_.push_back(std::move(batch));
}

Result<std::shared_ptr<arrow::Array>> RetainedRows::LoadColumn(int chunk,
                                                               int column) const {
  return batches_.at(static_cast<size_t>(chunk))->column(column);
}

}  // namespace windrow::op
