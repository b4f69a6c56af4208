// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/table.h"

#include <arrow/array/array_base.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "windrow/column/gather.h"

namespace windrow::exec {

std::shared_ptr<arrow::RecordBatch> MakeScanBatch(
    const std::shared_ptr<arrow::Schema>& schema, int64_t rows,
    std::vector<std::shared_ptr<arrow::Array>> columns) {
  arrow::FieldVector fields = schema->fields();
  bool differs = false;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& type = columns[i]->type();
    if (type->id() != arrow::Type::DICTIONARY || type->Equals(*fields[i]->type()))
      continue;
    fields[i] = fields[i]->WithType(type);
    differs = true;
  }
  return arrow::RecordBatch::Make(
      differs ? arrow::schema(std::move(fields), schema->metadata()) : schema, rows,
      std::move(columns));
}

Result<std::shared_ptr<arrow::Array>> RowStore::LoadRows(int chunk, int column,
                                                         std::span<const uint32_t> rows,
                                                         arrow::MemoryPool* pool) const {
  ARROW_ASSIGN_OR_RAISE(const auto whole, LoadColumn(chunk, column));
  return column::CompactRows(schema()->field(column)->type(), whole, rows, pool);
}

}  // namespace windrow::exec
