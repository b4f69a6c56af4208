// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/row_buffer_sink.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>
#include <vector>

#include "windrow/column/plain_column.h"

namespace windrow::sink {
namespace {

struct EncodedBatch : exec::Prepared {
  explicit EncodedBatch(std::shared_ptr<arrow::RecordBatch> batch)
      : batch(std::move(batch)) {}
  std::shared_ptr<arrow::RecordBatch> batch;
};

}  // namespace

Result<std::unique_ptr<exec::Prepared>> RowBufferSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  std::vector<std::shared_ptr<arrow::Array>> columns = batch->columns();
  for (int column = 0; column < schema_->num_fields(); ++column) {
    if (schema_->field(column)->type()->id() == arrow::Type::DICTIONARY) continue;
    ARROW_ASSIGN_OR_RAISE(columns[column], column::PlainColumn(columns[column], pool_));
  }
  return std::make_unique<EncodedBatch>(
      arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns)));
}

Status RowBufferSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  return rows_->Append(std::move(static_cast<EncodedBatch&>(*encoded).batch));
}

}  // namespace windrow::sink
