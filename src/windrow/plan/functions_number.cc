// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api_scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <memory>
#include <utility>

#include "windrow/plan/function_table.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;

Result<TypedExpr> OfNumber(const FunctionCall& call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, NumberArgument(call, 0));
  return CallKernel(call.source, kernel, {std::move(value)});
}

Result<TypedExpr> OfDoubles(const FunctionCall& call, const char* kernel) {
  std::vector<TypedExpr> args;
  for (size_t i = 0; i < call.args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(args.emplace_back(), DoubleArgument(call, i));
  }
  return CallKernel(call.source, kernel, std::move(args));
}

/// Integers are whole already.
Result<TypedExpr> OfFraction(const FunctionCall& call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, NumberArgument(call, 0));
  if (arrow::is_integer(value.type->id())) return value;
  return CallKernel(call.source, kernel, {std::move(value)});
}

Result<TypedExpr> BindAbs(FunctionCall call) { return OfNumber(call, "abs_checked"); }
Result<TypedExpr> BindSign(FunctionCall call) { return OfNumber(call, "sign"); }
Result<TypedExpr> BindFloor(FunctionCall call) { return OfFraction(call, "floor"); }
Result<TypedExpr> BindCeil(FunctionCall call) { return OfFraction(call, "ceil"); }
Result<TypedExpr> BindSqrt(FunctionCall call) { return OfDoubles(call, "sqrt"); }
Result<TypedExpr> BindPower(FunctionCall call) { return OfDoubles(call, "power"); }
Result<TypedExpr> BindLn(FunctionCall call) { return OfDoubles(call, "ln"); }
Result<TypedExpr> BindExp(FunctionCall call) { return OfDoubles(call, "exp"); }
Result<TypedExpr> BindIsNan(FunctionCall call) { return OfDoubles(call, "is_nan"); }

Result<TypedExpr> BindRound(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, NumberArgument(call, 0));
  int64_t digits = 0;
  if (call.args.size() == 2) {
    ARROW_ASSIGN_OR_RAISE(const auto given, IntegerLiteral(call, 1));
    if (!given) return TypedNull(call.source, value.type);
    digits = *given;
  }
  if (arrow::is_integer(value.type->id()) && digits >= 0) return value;
  return CallKernel(
      call.source, "round", {std::move(value)},
      std::make_shared<cp::RoundOptions>(digits, cp::RoundMode::HALF_TOWARDS_INFINITY));
}

}  // namespace

const std::vector<FunctionEntry>& NumberFunctions() {
  static const std::vector<FunctionEntry> table = {
      {"abs", "abs(number)", 1, 1, BindAbs},
      {"ceil", "ceil(number)", 1, 1, BindCeil},
      {"ceiling", "ceiling(number)", 1, 1, BindCeil},
      {"exp", "exp(number)", 1, 1, BindExp},
      {"floor", "floor(number)", 1, 1, BindFloor},
      {"is_nan", "is_nan(number)", 1, 1, BindIsNan},
      {"ln", "ln(number)", 1, 1, BindLn},
      {"pow", "pow(base, exponent)", 2, 2, BindPower},
      {"power", "power(base, exponent)", 2, 2, BindPower},
      {"round", "round(number[, digits])", 1, 2, BindRound},
      {"sign", "sign(number)", 1, 1, BindSign},
      {"sqrt", "sqrt(number)", 1, 1, BindSqrt},
  };
  return table;
}

}  // namespace windrow::plan
