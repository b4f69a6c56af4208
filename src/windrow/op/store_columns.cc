// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/store_columns.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/column/store_assignment.h"

namespace windrow::op {
namespace {

bool IsUuid(const column::SqlType& type) { return type.kind == column::SqlKind::kUuid; }

std::shared_ptr<arrow::DataType> FileTypeOf(const column::SqlType& type) {
  if (!IsUuid(type)) return type.StorageType();
  return type.is_array ? arrow::list(arrow::utf8()) : arrow::utf8();
}

}  // namespace

StoreColumns::StoreColumns(std::string target, const std::vector<Column>& columns,
                           const arrow::Schema& schema, exec::RunContext* context)
    : target_(std::move(target)), columns_(columns), context_(context) {
  arrow::FieldVector fields = schema.fields();
  for (const Column& column : columns) {
    auto& field = fields.at(column.input);
    field = field->WithType(FileTypeOf(column.type));
  }
  schema_ = arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> StoreColumns::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  arrow::ArrayVector arrays = batch->columns();
  arrow::FieldVector fields = batch->schema()->fields();
  for (const Column& column : columns_) {
    auto& array = arrays[column.input];
    const std::string& name = schema_->field(column.input)->name();
    auto stored = column::StoreAs(array, column.type, name, context_->pool);
    if (!stored.ok()) return At(target_, stored.status());
    array = *std::move(stored);
    if (IsUuid(column.type)) {
      ARROW_ASSIGN_OR_RAISE(array, column::UuidText(array, context_->pool));
    }
    fields[column.input] = schema_->field(column.input);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(),
                                  std::move(arrays));
}

}  // namespace windrow::op
