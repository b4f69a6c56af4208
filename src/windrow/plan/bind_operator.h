// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/typed_expression.h"

namespace windrow::plan {

// SQL operators over translated operands. Null operands give null, except where stated.

/// `op` is one of = <> < <= > >=. A literal against an integer, decimal, date or
/// timestamp compares exactly whatever its digits or size.
Result<TypedExpr> BindComparison(const Expr& source, std::string_view op, TypedExpr left,
                                 TypedExpr right);

/// args[0] among the others; null when it is not and one of them is null.
Result<TypedExpr> BindIn(const Expr& source, std::vector<TypedExpr> args);

/// + - * / // %. Integers compute as bigint (ubigint among themselves), checked; / gives
/// a double for integers and decimals; // cuts towards zero, % has the sign of the left
/// side; a division by zero is null.
Result<TypedExpr> BindArithmetic(const Expr& source, std::string_view op, TypedExpr left,
                                 TypedExpr right);
Result<TypedExpr> BindNegation(const Expr& source, TypedExpr value);

/// AND or OR of all `args` (three-valued logic).
Result<TypedExpr> BindLogic(const Expr& source, std::vector<TypedExpr> args);
Result<TypedExpr> BindNot(const Expr& source, TypedExpr value);

/// `value` as a boolean; UserError when it is none.
Result<TypedExpr> AsBoolean(TypedExpr value);

/// SQL's CAST: a float or decimal becomes an integer by rounding (half to even), a
/// timestamp a date or coarser timestamp by cutting; text must read as the type.
Result<TypedExpr> BindCast(const Expr& source, TypedExpr value);

}  // namespace windrow::plan
