// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "windrow/base/status.h"
#include "windrow/plan/expression.h"

namespace windrow::plan {

/// Reads one SQL expression. Column names are case-sensitive, keywords, functions and
/// types are not. Fails with UserError "column N: found X, expected Y" (N counts
/// characters from 1), also when the expression is deeper than kMaxExprDepth.
Result<ExprPtr> ParseExpression(std::string_view text);

}  // namespace windrow::plan
