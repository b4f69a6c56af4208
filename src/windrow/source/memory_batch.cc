// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/memory_batch.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <utility>

#include "windrow/column/value_bytes.h"
#include "windrow/exec/pipeline.h"
#include "windrow/source/ipc_decoder.h"
#include "windrow/source/parquet_file.h"

namespace windrow::source {
namespace {

/// Run-end encoding counts as nested for Arrow.
bool HasChildren(const arrow::DataType& type) {
  return arrow::is_nested(type.id()) && type.id() != arrow::Type::RUN_END_ENCODED;
}

std::shared_ptr<arrow::DataType> MemoryType(
    const std::shared_ptr<arrow::DataType>& type) {
  return HasChildren(*type) ? EngineType(type) : IpcOutputType(type);
}

Result<std::shared_ptr<arrow::Array>> Flat(std::shared_ptr<arrow::Array> column,
                                           const std::shared_ptr<arrow::DataType>& type,
                                           arrow::MemoryPool* pool) {
  if (column->type()->Equals(*type)) return column;
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  if (!HasChildren(*column->type())) {
    return FlattenIpcArray(std::move(column), type, &context);
  }
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum cast,
      arrow::compute::Cast(column, arrow::compute::CastOptions::Safe(type), &context));
  return cast.make_array();
}

Result<std::shared_ptr<arrow::Array>> RowNumbers(int64_t first, int64_t count,
                                                 arrow::MemoryPool* pool) {
  arrow::Int64Builder numbers(pool);
  ARROW_RETURN_NOT_OK(numbers.Reserve(count));
  for (int64_t row = 0; row < count; ++row) numbers.UnsafeAppend(first + row);
  return numbers.Finish();
}

}  // namespace

std::shared_ptr<arrow::Schema> MemorySchema(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  for (auto& field : fields) field = field->WithType(MemoryType(field->type()));
  return arrow::schema(std::move(fields));
}

MemoryUnit::MemoryUnit(std::shared_ptr<arrow::Schema> schema,
                       const arrow::RecordBatch& batch, const std::vector<int>& columns,
                       int64_t first_row, const exec::RunContext& context)
    : schema_(std::move(schema)), pool_(context.pool), first_row_(first_row) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const int column : columns) {
    fields.push_back(batch.schema()->field(column));
    arrays.push_back(batch.column(column));
  }
  stored_ = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(),
                                     std::move(arrays));
  const int64_t bytes = column::ValueBytes(*stored_, 0, batch.num_rows());
  piece_rows_ = exec::PieceRows(batch.num_rows(), bytes, context);
}

Result<std::shared_ptr<arrow::RecordBatch>> MemoryUnit::Next() {
  if (next_row_ == stored_->num_rows()) return nullptr;
  const int64_t rows = std::min(piece_rows_, stored_->num_rows() - next_row_);
  const auto piece = stored_->Slice(next_row_, rows);
  arrow::ArrayVector arrays;
  for (int i = 0; i < piece->num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(),
                          Flat(piece->column(i), schema_->field(i)->type(), pool_));
  }
  if (schema_->num_fields() > piece->num_columns()) {
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(),
                          RowNumbers(first_row_ + next_row_, rows, pool_));
  }
  next_row_ += rows;
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

std::shared_ptr<arrow::Schema> ScanSchema(const arrow::Schema& schema,
                                          const exec::ScanOptions& options) {
  arrow::FieldVector fields;
  for (const int column : options.columns) fields.push_back(schema.field(column));
  if (options.row_numbers) {
    fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64()));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace windrow::source
