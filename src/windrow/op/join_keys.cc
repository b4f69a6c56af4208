// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/join_keys.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

namespace windrow::op {

Result<column::KeyBatch> KeysOf(const arrow::RecordBatch& batch,
                                const std::vector<int>& key_columns,
                                const column::KeyLayout& layout,
                                arrow::MemoryPool* pool) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const int column : key_columns) columns.push_back(batch.column(column));
  if (columns.empty()) {
    ARROW_ASSIGN_OR_RAISE(
        columns.emplace_back(),
        arrow::MakeArrayFromScalar(arrow::BooleanScalar(false), batch.num_rows(), pool));
  }
  return column::KeyBatch::Make(layout, columns, pool);
}

std::span<const int64_t> RowNumbersOf(const arrow::RecordBatch& batch, int column) {
  return {batch.column_data(column)->GetValues<int64_t>(1),
          static_cast<size_t>(batch.num_rows())};
}

}  // namespace windrow::op
