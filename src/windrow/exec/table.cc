// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/table.h"

#include <arrow/type.h>

#include "windrow/column/gather.h"

namespace windrow::exec {

Result<std::shared_ptr<arrow::Array>> RowStore::LoadRows(int chunk, int column,
                                                         std::span<const uint32_t> rows,
                                                         arrow::MemoryPool* pool) const {
  ARROW_ASSIGN_OR_RAISE(const auto whole, LoadColumn(chunk, column));
  return column::CompactRows(schema()->field(column)->type(), whole, rows, pool);
}

}  // namespace windrow::exec
