// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/plain_column.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/checked_cast.h>

namespace windrow::column {

Result<std::shared_ptr<arrow::Array>> PlainColumn(
    const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool) {
  if (column->type_id() != arrow::Type::DICTIONARY) return column;
  const auto& coded =
      arrow::internal::checked_cast<const arrow::DictionaryArray&>(*column);
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return arrow::compute::Take(*coded.dictionary(), *coded.indices(),
                              arrow::compute::TakeOptions::Defaults(), &context);
}

}  // namespace windrow::column
