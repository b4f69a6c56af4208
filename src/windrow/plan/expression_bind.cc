// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression_bind.h"

#include <arrow/compute/initialize.h>
#include <arrow/compute/registry.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <utility>
#include <vector>

#include "windrow/base/near_name.h"
#include "windrow/column/label_functions.h"
#include "windrow/column/text_functions.h"
#include "windrow/plan/bind_case.h"
#include "windrow/plan/bind_operator.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/function_table.h"
#include "windrow/plan/literal_value.h"
#include "windrow/plan/operator_level.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;

/// Arrow's functions and the ones of our own, by name.
Status RegisterFunctions() {
  ARROW_RETURN_NOT_OK(cp::Initialize());
  ARROW_RETURN_NOT_OK(column::RegisterTextFunctions(cp::GetFunctionRegistry()));
  return column::RegisterLabelFunctions(cp::GetFunctionRegistry());
}

Result<TypedExpr> BindColumn(const Expr& expr, const arrow::Schema& schema) {
  const std::vector<int> found = schema.GetAllFieldIndices(expr.name());
  if (found.empty()) {
    return ExprError(expr.offset(), "unknown column '", expr.name(), "'",
                     DidYouMean(expr.name(), schema.field_names()));
  }
  if (found.size() > 1) {
    return ExprError(expr.offset(), "column '", expr.name(), "' is there ", found.size(),
                     " times, expected once");
  }
  return TypedExpr{cp::field_ref(expr.name()), schema.field(found[0])->type(), &expr};
}

Result<TypedExpr> BindLiteral(const Expr& expr) {
  ARROW_ASSIGN_OR_RAISE(const auto type, NaturalType(expr));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Scalar> scalar, LiteralScalar(expr, type));
  if (scalar == nullptr) {
    return ExprError(expr.offset(), "found '", expr.literal_text(), "', expected a ",
                     TypeText(*type), " in its range");
  }
  return TypedScalar(expr, std::move(scalar));
}

Result<TypedExpr> BindBetween(const Expr& expr, std::vector<TypedExpr> args) {
  std::vector<TypedExpr> bounds;
  ARROW_ASSIGN_OR_RAISE(bounds.emplace_back(),
                        BindComparison(expr, ">=", args[0], std::move(args[1])));
  ARROW_ASSIGN_OR_RAISE(
      bounds.emplace_back(),
      BindComparison(expr, "<=", std::move(args[0]), std::move(args[2])));
  return CallKernel(expr, "and_kleene", std::move(bounds));
}

Result<TypedExpr> BindCompare(const Expr& expr, std::vector<TypedExpr> args) {
  if (expr.IsCall("is null")) return CallKernel(expr, "is_null", std::move(args));
  if (expr.IsCall("in")) return BindIn(expr, std::move(args));
  if (expr.IsCall("between")) return BindBetween(expr, std::move(args));
  if (expr.IsCall("like")) {
    return LikeOperator().bind({expr, std::move(args), LikeOperator().signature});
  }
  return BindComparison(expr, expr.name(), std::move(args[0]), std::move(args[1]));
}

Result<TypedExpr> BindCall(const Expr& expr, std::vector<TypedExpr> args,
                           BindSettings settings) {
  switch (LevelOfOperator(expr.name())) {
    case kOrLevel:
    case kAndLevel:
      return BindLogic(expr, std::move(args));
    case kNotLevel:
      return BindNot(expr, std::move(args[0]));
    case kCompareLevel:
      return BindCompare(expr, std::move(args));
    case kConcatLevel:
      return ConcatOperator().bind({expr, std::move(args), ConcatOperator().signature});
    case kAddLevel:
    case kMultiplyLevel:
      return BindArithmetic(expr, expr.name(), std::move(args[0]), std::move(args[1]));
    case kNegateLevel:
      return BindNegation(expr, std::move(args[0]));
    default:
      return BindFunction(expr, std::move(args), settings);
  }
}

Result<TypedExpr> BindNode(const Expr& expr, const arrow::Schema& schema,
                           BindSettings settings) {
  std::vector<TypedExpr> args;
  args.reserve(expr.args().size());
  for (const ExprPtr& arg : expr.args()) {
    ARROW_ASSIGN_OR_RAISE(args.emplace_back(), BindNode(*arg, schema, settings));
  }
  switch (expr.kind()) {
    case ExprKind::kColumn:
      return BindColumn(expr, schema);
    case ExprKind::kLiteral:
      return BindLiteral(expr);
    case ExprKind::kCall: {
      ARROW_ASSIGN_OR_RAISE(TypedExpr call, BindCall(expr, std::move(args), settings));
      // A function that returns its argument still is no literal or column.
      call.source = &expr;
      return call;
    }
    case ExprKind::kCast:
      return BindCast(expr, std::move(args[0]));
    case ExprKind::kCase:
      return BindCase(expr, std::move(args));
  }
  return InternalError("an expression of unknown kind");
}

}  // namespace

Result<BoundExpression> BindExpression(const Expr& expr, const arrow::Schema& schema,
                                       BindSettings settings) {
  static const Status registered = RegisterFunctions();
  ARROW_RETURN_NOT_OK(registered);
  if (expr.depth() > kMaxExprDepth) {
    return ExprError(expr.offset(), "the expression is nested more than ", kMaxExprDepth,
                     " levels deep");
  }
  ARROW_ASSIGN_OR_RAISE(TypedExpr typed, BindNode(expr, schema, settings));
  BoundExpression bound;
  bound.text = ToText(expr);
  ARROW_ASSIGN_OR_RAISE(bound.expression, typed.expression.Bind(schema));
  auto folded = cp::FoldConstants(bound.expression);
  if (!folded.ok()) {
    if (BlameOf(folded.status()) == Blame::kResource) return folded.status();
    return UserError("'", bound.text, "': ", folded.status().message());
  }
  bound.expression = folded.MoveValueUnsafe();
  bound.type = bound.expression.type()->GetSharedPtr();
  bound.is_constant = !cp::ExpressionHasFieldRefs(bound.expression);
  return bound;
}

Result<BoundExpression> BindPredicate(const Expr& expr, const arrow::Schema& schema,
                                      BindSettings settings) {
  ARROW_ASSIGN_OR_RAISE(BoundExpression bound, BindExpression(expr, schema, settings));
  if (bound.type->id() == arrow::Type::BOOL) return bound;
  if (bound.type->id() == arrow::Type::NA ||
      bound.type->id() == arrow::Type::DICTIONARY) {
    const ExprPtr cast = Expr::Cast(expr.WithArgs(expr.args()), arrow::boolean());
    return BindExpression(*cast, schema, settings);
  }
  return ExprError(expr.offset(), "found ", TypeText(*bound.type), " from '", bound.text,
                   "', expected a condition (boolean)");
}

}  // namespace windrow::plan
