// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// Reads one SQL expression. Column names are case-sensitive, keywords, functions and
/// types are not. Fails with UserError "column N: found X, expected Y" (N counts
/// characters from 1), also when the expression is deeper than kMaxExprDepth.
Result<ExprPtr> ParseExpression(std::string_view text);

/// Reads a type as a cast has it: "bigint", "decimal(10,2)". Fails like ParseExpression.
Result<std::shared_ptr<arrow::DataType>> ParseTypeText(std::string_view text);

}  // namespace windrow::plan
