// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::op {

/// The columns of its schema that a bound expression reads, ascending.
std::vector<int> ColumnsRead(const arrow::compute::Expression& expression);

/// Whether the same values always give the same result.
bool IsPure(const arrow::compute::Expression& expression);

/// The value of a pure `expression` for each row of `batch`, of which it reads the column
/// `column` alone. Where that comes as a dictionary few of whose values rows have, each
/// of these is computed once, in the order in which they come; text is a dictionary then,
/// too. `text` is the expression for errors.
Result<std::shared_ptr<arrow::Array>> EvaluateByValue(
    const arrow::compute::Expression& expression, int column,
    const arrow::RecordBatch& batch, arrow::MemoryPool* pool, std::string_view text);

/// `batch` with `columns` as the types of `schema`, which is what expressions are bound
/// to, where they come as dictionaries.
Result<std::shared_ptr<arrow::RecordBatch>> WithPlain(
    std::shared_ptr<arrow::RecordBatch> batch, const std::vector<int>& columns,
    const arrow::Schema& schema, arrow::MemoryPool* pool);

}  // namespace windrow::op
