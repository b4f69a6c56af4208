// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/function_table.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "windrow/base/near_name.h"
#include "windrow/plan/aggregate_call.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/type_name.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

using arrow::Type;

const std::map<std::string_view, const FunctionEntry*>& AllFunctions() {
  static const auto all = [] {
    std::map<std::string_view, const FunctionEntry*> functions;
    for (const auto* family : {&NumberFunctions(), &TextFunctions(), &TimeFunctions(),
                               &ChoiceFunctions(), &LabelFunctions()}) {
      for (const FunctionEntry& entry : *family) functions.emplace(entry.name, &entry);
    }
    return functions;
  }();
  return all;
}

std::string ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

Status Misfit(const FunctionCall& call, size_t index, std::string_view found) {
  return ExprError(call.args[index].source->offset(), "found ", found, ", expected ",
                   call.signature);
}

Status WrongType(const FunctionCall& call, size_t index) {
  return Misfit(call, index, TypeText(*call.args[index].type));
}

}  // namespace

const std::vector<std::string>& FunctionNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> sorted;
    for (const auto& [name, entry] : AllFunctions()) sorted.emplace_back(name);
    return sorted;
  }();
  return names;
}

Status UnknownFunction(const Expr& call) {
  if (AggregateOf(call).has_value()) {
    return ExprError(call.offset(), "found the aggregate ", ToText(call),
                     ", expected it in 'columns' of an aggregate step only");
  }
  std::vector<std::string> names = FunctionNames();
  names.insert(names.end(), AggregateNames().begin(), AggregateNames().end());
  return ExprError(call.offset(), "unknown function '", call.name(), "'",
                   DidYouMean(call.name(), names), "; the functions are ",
                   ListOf(FunctionNames()));
}

Result<TypedExpr> BindFunction(const Expr& source, std::vector<TypedExpr> args,
                               BindSettings settings) {
  const auto found = AllFunctions().find(source.name());
  if (found == AllFunctions().end()) return UnknownFunction(source);
  const FunctionEntry& entry = *found->second;
  if (args.size() < entry.args_min || args.size() > entry.args_max) {
    return ExprError(source.offset(), "found ", args.size(), " arguments, expected ",
                     entry.signature);
  }
  return entry.bind({source, std::move(args), entry.signature, settings});
}

Result<TypedExpr> NumberArgument(const FunctionCall& call, size_t index) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, Plain(call.args[index]));
  if (value.type->id() == Type::NA) return TypedNull(*value.source, arrow::float64());
  if (!IsNumber(*value.type)) return WrongType(call, index);
  return value;
}

Result<TypedExpr> DoubleArgument(const FunctionCall& call, size_t index) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, NumberArgument(call, index));
  return AsType(std::move(value), arrow::float64());
}

Result<TypedExpr> TextArgument(const FunctionCall& call, size_t index) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, Plain(call.args[index]));
  if (value.type->id() == Type::NA) return TypedNull(*value.source, arrow::utf8());
  if (!IsText(*value.type)) return WrongType(call, index);
  return value;
}

Result<TypedExpr> InstantArgument(const FunctionCall& call, size_t index) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, Plain(call.args[index]));
  const auto timestamp = arrow::timestamp(arrow::TimeUnit::MICRO);
  if (value.type->id() == Type::NA) return TypedNull(*value.source, timestamp);
  if (value.is_literal() && value.type->id() == Type::STRING) {
    ARROW_ASSIGN_OR_RAISE(const auto type, WidenForLiteral(timestamp, *value.source));
    return type ? AsType(std::move(value), type) : WrongType(call, index);
  }
  if (value.type->id() != Type::TIMESTAMP && value.type->id() != Type::DATE32) {
    return WrongType(call, index);
  }
  return value;
}

Result<std::optional<std::string>> TextLiteral(const FunctionCall& call, size_t index) {
  const Expr& source = *call.args[index].source;
  if (source.IsLiteral() && source.literal_kind() == LiteralKind::kNull) {
    return std::nullopt;
  }
  if (!source.IsLiteral() || source.literal_kind() != LiteralKind::kString) {
    return Misfit(call, index, "something other than a 'literal'");
  }
  return source.literal_text();
}

Result<std::optional<int64_t>> IntegerLiteral(const FunctionCall& call, size_t index) {
  const Expr& source = *call.args[index].source;
  if (source.IsLiteral() && source.literal_kind() == LiteralKind::kNull) {
    return std::nullopt;
  }
  const std::string& text = source.name();
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!source.IsLiteral() || source.literal_kind() != LiteralKind::kInteger ||
      parsed.ec != std::errc() || number > INT32_MAX || number < INT32_MIN) {
    return Misfit(call, index, "something other than a small integer literal");
  }
  return number;
}

}  // namespace windrow::plan
