// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/number_rows.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <numeric>
#include <utility>

#include "windrow/op/whole_batch.h"

namespace windrow::op {

NumberRows::NumberRows(const std::string& column, int64_t first_row,
                       const arrow::Schema& input, exec::RunContext* context)
    : context_(context), next_(first_row) {
  arrow::FieldVector fields = input.fields();
  fields.push_back(arrow::field(column, arrow::int64(), /*nullable=*/false));
  schema_ = arrow::schema(std::move(fields));
}

Result<std::unique_ptr<exec::Prepared>> NumberRows::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  return std::make_unique<WholeBatch>(std::move(batch));
}

Status NumberRows::Consume(std::unique_ptr<exec::Prepared> prepared,
                           exec::Emitter* emitter) {
  const auto& batch = static_cast<WholeBatch&>(*prepared).batch;
  const int64_t rows = batch->num_rows();
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> numbers,
      arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int64_t)),
                            context_->pool));
  auto* number = reinterpret_cast<int64_t*>(numbers->mutable_data());
  std::iota(number, number + rows, next_);
  next_ += rows;
  // A batch's columns may be dictionaries where the schema has their values.
  ARROW_ASSIGN_OR_RAISE(
      auto numbered,
      batch->AddColumn(batch->num_columns(), schema_->field(batch->num_columns()),
                       std::make_shared<arrow::Int64Array>(rows, std::move(numbers))));
  return emitter->Emit({std::move(numbered)});
}

}  // namespace windrow::op
