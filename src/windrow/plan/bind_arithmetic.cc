// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "windrow/plan/bind_operator.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/type_name.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;
using arrow::DataType;
using arrow::Type;

bool IsDivision(std::string_view op) { return op == "/" || op == "//" || op == "%"; }

/// The type both operands compute in, given their joint type.
std::shared_ptr<DataType> OperandType(std::string_view op,
                                      const std::shared_ptr<DataType>& joint) {
  if (joint->id() == Type::NA) return arrow::float64();
  if (arrow::is_integer(joint->id())) {
    if (op == "/") return arrow::float64();
    return joint->id() == Type::UINT64 ? joint : arrow::int64();
  }
  if (arrow::is_decimal(joint->id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(*joint);
    // Beyond 38 digits a product or sum leaves what decimal128 holds.
    const int digits = op == "*" ? 2 * decimal.precision() + 1 : decimal.precision() + 1;
    if (IsDivision(op) || digits > 38) return arrow::float64();
  }
  return joint;
}

/// `divisor` with null in place of zero.
Result<TypedExpr> NullIfZero(const Expr& source, TypedExpr divisor) {
  if (divisor.source->IsNumber()) {
    const bool is_zero =
        std::strtod(divisor.source->literal_text().c_str(), nullptr) == 0;
    return is_zero ? TypedNull(source, divisor.type) : std::move(divisor);
  }
  ARROW_ASSIGN_OR_RAISE(const auto zero, arrow::MakeScalar(divisor.type, 0));
  ARROW_ASSIGN_OR_RAISE(
      TypedExpr is_zero,
      CallKernel(source, "equal", {divisor, TypedScalar(source, zero)}));
  TypedExpr null = TypedNull(source, divisor.type);
  return CallKernel(source, "if_else",
                    {std::move(is_zero), std::move(null), std::move(divisor)});
}

Result<TypedExpr> Divide(const Expr& source, std::string_view op, TypedExpr left,
                         TypedExpr right) {
  const bool is_float = arrow::is_floating(left.type->id());
  ARROW_ASSIGN_OR_RAISE(right, NullIfZero(source, std::move(right)));
  if (op == "%") {
    return CallKernel(source, "remainder", {std::move(left), std::move(right)});
  }
  ARROW_ASSIGN_OR_RAISE(TypedExpr quotient,
                        CallKernel(source, is_float ? "divide" : "divide_checked",
                                   {std::move(left), std::move(right)}));
  if (op == "/" || !is_float) return quotient;
  return CallKernel(source, "trunc", {std::move(quotient)});
}

/// Builds a balanced tree, so that thousands of terms stay shallow.
Result<TypedExpr> Combine(const Expr& source, const std::string& kernel,
                          std::vector<TypedExpr> terms) {
  while (terms.size() > 1) {
    std::vector<TypedExpr> halves;
    for (size_t i = 0; i + 1 < terms.size(); i += 2) {
      ARROW_ASSIGN_OR_RAISE(
          halves.emplace_back(),
          CallKernel(source, kernel, {std::move(terms[i]), std::move(terms[i + 1])}));
    }
    if (terms.size() % 2 == 1) halves.push_back(std::move(terms.back()));
    terms = std::move(halves);
  }
  return std::move(terms.front());
}

}  // namespace

Result<TypedExpr> BindArithmetic(const Expr& source, std::string_view op, TypedExpr left,
                                 TypedExpr right) {
  std::vector<TypedExpr> sides = {std::move(left), std::move(right)};
  for (TypedExpr& side : sides) {
    ARROW_ASSIGN_OR_RAISE(side, Plain(std::move(side)));
    if (!IsNumber(*side.type) && side.type->id() != Type::NA) {
      return ExprError(side.source->offset(), "found ", TypeText(*side.type),
                       ", expected a number for '", op, "'");
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto joint, JointType(source, sides));
  const std::shared_ptr<DataType> type = OperandType(op, joint);
  for (TypedExpr& side : sides) {
    ARROW_ASSIGN_OR_RAISE(side, AsType(std::move(side), type));
  }
  if (IsDivision(op)) {
    return Divide(source, op, std::move(sides[0]), std::move(sides[1]));
  }
  const char* kernel = op == "+"   ? "add_checked"
                       : op == "-" ? "subtract_checked"
                                   : "multiply_checked";
  return CallKernel(source, kernel, std::move(sides));
}

Result<TypedExpr> BindNegation(const Expr& source, TypedExpr value) {
  ARROW_ASSIGN_OR_RAISE(value, Plain(std::move(value)));
  if (value.type->id() == Type::NA) return TypedNull(source, arrow::float64());
  if (!IsNumber(*value.type)) {
    return ExprError(value.source->offset(), "found ", TypeText(*value.type),
                     ", expected a number for '-'");
  }
  if (arrow::is_integer(value.type->id())) {
    ARROW_ASSIGN_OR_RAISE(value, CastKernel(std::move(value), arrow::int64()));
  }
  return CallKernel(source, "negate_checked", {std::move(value)});
}

Result<TypedExpr> AsBoolean(TypedExpr value) {
  ARROW_ASSIGN_OR_RAISE(value, Plain(std::move(value)));
  if (value.type->id() == Type::NA) return TypedNull(*value.source, arrow::boolean());
  if (value.type->id() == Type::BOOL) return value;
  return ExprError(value.source->offset(), "found ", TypeText(*value.type),
                   ", expected a boolean");
}

Result<TypedExpr> BindLogic(const Expr& source, std::vector<TypedExpr> args) {
  for (TypedExpr& arg : args) {
    ARROW_ASSIGN_OR_RAISE(arg, AsBoolean(std::move(arg)));
  }
  return Combine(source, source.IsCall("and") ? "and_kleene" : "or_kleene",
                 std::move(args));
}

Result<TypedExpr> BindNot(const Expr& source, TypedExpr value) {
  ARROW_ASSIGN_OR_RAISE(value, AsBoolean(std::move(value)));
  return CallKernel(source, "invert", {std::move(value)});
}

Result<TypedExpr> BindCast(const Expr& source, TypedExpr value) {
  const std::shared_ptr<DataType>& type = source.cast_type();
  ARROW_ASSIGN_OR_RAISE(value, Plain(std::move(value)));
  const bool loses_fraction =
      arrow::is_floating(value.type->id()) || arrow::is_decimal(value.type->id());
  if (loses_fraction && arrow::is_integer(type->id())) {
    ARROW_ASSIGN_OR_RAISE(value, CallKernel(source, "round", {std::move(value)},
                                            std::make_shared<cp::RoundOptions>()));
  }
  ARROW_ASSIGN_OR_RAISE(value, CastKernel(std::move(value), type));
  // A cast value has its type for good, even when it was a literal.
  value.source = &source;
  return value;
}

}  // namespace windrow::plan
