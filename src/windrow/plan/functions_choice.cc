// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api_scalar.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <memory>
#include <string>
#include <utility>

#include "windrow/plan/bind_case.h"
#include "windrow/plan/bind_operator.h"
#include "windrow/plan/function_table.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;

/// Null counts as false, as everywhere a condition decides.
Result<TypedExpr> IsTrue(const Expr& source, TypedExpr condition) {
  ARROW_ASSIGN_OR_RAISE(condition, AsBoolean(std::move(condition)));
  TypedExpr no = TypedScalar(source, arrow::MakeScalar(false));
  return CallKernel(source, "coalesce", {std::move(condition), std::move(no)});
}

Result<TypedExpr> BindIf(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr condition,
                        IsTrue(call.source, std::move(call.args[0])));
  ARROW_ASSIGN_OR_RAISE(
      std::vector<TypedExpr> values,
      Unified(call.source, {std::move(call.args[1]), std::move(call.args[2])},
              arrow::null()));
  return CallKernel(call.source, "if_else",
                    {std::move(condition), std::move(values[0]), std::move(values[1])});
}

Result<TypedExpr> BindCoalesce(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(std::vector<TypedExpr> values,
                        Unified(call.source, std::move(call.args), arrow::null()));
  return CallKernel(call.source, "coalesce", std::move(values));
}

Result<TypedExpr> BindNullif(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, Plain(std::move(call.args[0])));
  ARROW_ASSIGN_OR_RAISE(TypedExpr equal,
                        BindComparison(call.source, "=", value, std::move(call.args[1])));
  ARROW_ASSIGN_OR_RAISE(equal, IsTrue(call.source, std::move(equal)));
  TypedExpr null = TypedNull(call.source, value.type);
  return CallKernel(call.source, "if_else",
                    {std::move(equal), std::move(null), std::move(value)});
}

/// Nulls are left out; null when there is nothing else.
Result<TypedExpr> Extreme(FunctionCall call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(std::vector<TypedExpr> values,
                        Unified(call.source, std::move(call.args), arrow::null()));
  return CallKernel(call.source, kernel, std::move(values),
                    std::make_shared<cp::ElementWiseAggregateOptions>());
}

Result<TypedExpr> BindGreatest(FunctionCall call) {
  return Extreme(std::move(call), "max_element_wise");
}

Result<TypedExpr> BindLeast(FunctionCall call) {
  return Extreme(std::move(call), "min_element_wise");
}

}  // namespace

Result<TypedExpr> BindCase(const Expr& source, std::vector<TypedExpr> args) {
  const size_t first = source.has_operand() ? 1 : 0;
  std::vector<TypedExpr> conditions;
  std::vector<TypedExpr> values;
  size_t i = first;
  for (; i + 1 < args.size(); i += 2) {
    TypedExpr condition = std::move(args[i]);
    if (source.has_operand()) {
      ARROW_ASSIGN_OR_RAISE(condition,
                            BindComparison(source, "=", args[0], std::move(condition)));
    }
    ARROW_ASSIGN_OR_RAISE(conditions.emplace_back(), AsBoolean(std::move(condition)));
    values.push_back(std::move(args[i + 1]));
  }
  if (i < args.size()) values.push_back(std::move(args[i]));
  ARROW_ASSIGN_OR_RAISE(values, Unified(source, std::move(values), arrow::null()));
  std::vector<std::string> names(conditions.size());
  for (size_t n = 0; n < names.size(); ++n) names[n] = std::to_string(n);
  ARROW_ASSIGN_OR_RAISE(
      TypedExpr tests,
      CallKernel(source, "make_struct", std::move(conditions),
                 std::make_shared<cp::MakeStructOptions>(std::move(names))));
  values.insert(values.begin(), std::move(tests));
  return CallKernel(source, "case_when", std::move(values));
}

const std::vector<FunctionEntry>& ChoiceFunctions() {
  static const std::vector<FunctionEntry> table = {
      {"coalesce", "coalesce(value, ...)", 1, kAnyNumber, BindCoalesce},
      {"greatest", "greatest(value, ...), nulls left out", 1, kAnyNumber, BindGreatest},
      {"if", "if(condition, value, else)", 3, 3, BindIf},
      {"least", "least(value, ...), nulls left out", 1, kAnyNumber, BindLeast},
      {"nullif", "nullif(value, other)", 2, 2, BindNullif},
  };
  return table;
}

}  // namespace windrow::plan
