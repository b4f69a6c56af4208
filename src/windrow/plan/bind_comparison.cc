// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/builder_base.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <string>
#include <utility>

#include "windrow/plan/bind_operator.h"
#include "windrow/plan/literal_value.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;
using arrow::Type;

std::string KernelOf(std::string_view op) {
  if (op == "=") return "equal";
  if (op == "<>") return "not_equal";
  if (op == "<") return "less";
  if (op == "<=") return "less_equal";
  if (op == ">") return "greater";
  return "greater_equal";
}

std::string_view Mirrored(std::string_view op) {
  if (op == "<") return ">";
  if (op == "<=") return ">=";
  if (op == ">") return "<";
  if (op == ">=") return "<=";
  return op;
}

/// `answer` where `value` is not null.
Result<TypedExpr> AnswerUnlessNull(const Expr& source, TypedExpr value, bool answer) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr is_valid,
                        CallKernel(source, "is_valid", {std::move(value)}));
  return CallKernel(source, "if_else",
                    {std::move(is_valid), TypedScalar(source, arrow::MakeScalar(answer)),
                     TypedNull(source, arrow::boolean())});
}

Result<TypedExpr> CompareWithPoint(const Expr& source, std::string_view op,
                                   TypedExpr value, const GridPoint& point) {
  const bool asks_less = op == "<" || op == "<=";
  const bool asks_greater = op == ">" || op == ">=";
  if (point.range == GridRange::kAbove) {
    return AnswerUnlessNull(source, std::move(value), asks_less || op == "<>");
  }
  if (point.range == GridRange::kBelow) {
    return AnswerUnlessNull(source, std::move(value), asks_greater || op == "<>");
  }
  if (!point.is_exact && !asks_less && !asks_greater) {
    return AnswerUnlessNull(source, std::move(value), op == "<>");
  }
  // Between two points, the floor is still on the lesser side.
  if (!point.is_exact) op = asks_less ? "<=" : ">";
  TypedExpr literal = TypedScalar(source, GridScalar(value.type, point.floor));
  return CallKernel(source, KernelOf(op), {std::move(value), std::move(literal)});
}

bool IsUnsignedWithSigned(const arrow::DataType& left, const arrow::DataType& right) {
  return left.id() == Type::UINT64 && arrow::is_signed_integer(right.id());
}

/// What BindIn looks up, and in which type.
struct LookupSet {
  std::shared_ptr<arrow::DataType> type;
  arrow::ScalarVector values;
};

/// The literals that `value` can equal. Those it cannot are left out.
Result<LookupSet> GridSet(const TypedExpr& value, const std::vector<TypedExpr>& args) {
  LookupSet set = {value.type, {}};
  for (size_t i = 1; i < args.size(); ++i) {
    if (args[i].type->id() == Type::NA) {
      set.values.push_back(arrow::MakeNullScalar(set.type));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const auto point, PlaceOnGrid(*args[i].source, *value.type));
    if (!point) {
      // Fails, and says why.
      ARROW_RETURN_NOT_OK(JointType(*args[i].source, {value, args[i]}));
    } else if (point->is_exact && point->range == GridRange::kInside) {
      set.values.push_back(GridScalar(set.type, point->floor));
    }
  }
  return set;
}

Result<LookupSet> LiteralSet(const Expr& source, const std::vector<TypedExpr>& args) {
  if (HasGrid(*args[0].type) && !args[0].is_literal()) return GridSet(args[0], args);
  LookupSet set;
  ARROW_ASSIGN_OR_RAISE(set.type, JointType(source, args));
  for (size_t i = 1; i < args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto scalar, LiteralScalar(*args[i].source, set.type));
    if (scalar == nullptr) {
      ARROW_ASSIGN_OR_RAISE(scalar,
                            args[i].expression.literal()->scalar()->CastTo(set.type));
    }
    set.values.push_back(std::move(scalar));
  }
  return set;
}

Result<TypedExpr> LookUp(const Expr& source, std::vector<TypedExpr> args) {
  ARROW_ASSIGN_OR_RAISE(const LookupSet set, LiteralSet(source, args));
  ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(set.type));
  ARROW_RETURN_NOT_OK(builder->AppendScalars(set.values));
  ARROW_ASSIGN_OR_RAISE(const auto values, builder->Finish());
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, AsType(std::move(args[0]), set.type));
  return CallKernel(
      source, "is_in", {std::move(value)},
      std::make_shared<cp::SetLookupOptions>(values, cp::SetLookupOptions::INCONCLUSIVE));
}

}  // namespace

Result<TypedExpr> BindComparison(const Expr& source, std::string_view op, TypedExpr left,
                                 TypedExpr right) {
  ARROW_ASSIGN_OR_RAISE(left, Plain(std::move(left)));
  ARROW_ASSIGN_OR_RAISE(right, Plain(std::move(right)));
  if (left.type->id() == Type::NA || right.type->id() == Type::NA) {
    return TypedNull(source, arrow::boolean());
  }
  if (left.is_literal() && !right.is_literal()) {
    std::swap(left, right);
    op = Mirrored(op);
  }
  if (right.is_literal() && !left.is_literal() && HasGrid(*left.type)) {
    ARROW_ASSIGN_OR_RAISE(const auto point, PlaceOnGrid(*right.source, *left.type));
    if (point) return CompareWithPoint(source, op, std::move(left), *point);
  }
  std::vector<TypedExpr> sides;
  if (IsUnsignedWithSigned(*left.type, *right.type) ||
      IsUnsignedWithSigned(*right.type, *left.type)) {
    const auto wide = arrow::decimal128(20, 0);
    ARROW_ASSIGN_OR_RAISE(sides.emplace_back(), CastKernel(std::move(left), wide));
    ARROW_ASSIGN_OR_RAISE(sides.emplace_back(), CastKernel(std::move(right), wide));
  } else {
    ARROW_ASSIGN_OR_RAISE(
        sides, Unified(source, {std::move(left), std::move(right)}, arrow::boolean()));
  }
  return CallKernel(source, KernelOf(op), std::move(sides));
}

Result<TypedExpr> BindIn(const Expr& source, std::vector<TypedExpr> args) {
  bool all_literals = true;
  for (size_t i = 0; i < args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(args[i], Plain(std::move(args[i])));
    all_literals &= i == 0 || args[i].is_literal();
  }
  if (args[0].type->id() == Type::NA) return TypedNull(source, arrow::boolean());
  if (all_literals) return LookUp(source, std::move(args));
  std::vector<TypedExpr> matches;
  for (size_t i = 1; i < args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(matches.emplace_back(),
                          BindComparison(source, "=", args[0], std::move(args[i])));
  }
  return BindLogic(source, std::move(matches));
}

}  // namespace windrow::plan
