// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/typed_expression.h"

namespace windrow::plan {

/// CASE; `args` as in Expr::Case. Every branch is evaluated for every row: an overflow or
/// a text that does not convert fails even where its branch is not taken.
Result<TypedExpr> BindCase(const Expr& source, std::vector<TypedExpr> args);

}  // namespace windrow::plan
