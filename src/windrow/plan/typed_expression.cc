// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/typed_expression.h"

#include <arrow/compute/cast.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <utility>

#include "windrow/plan/expression_token.h"
#include "windrow/plan/literal_value.h"
#include "windrow/plan/type_name.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;
using arrow::DataType;
using arrow::Type;

/// Guards repeat their operand, so nested divisions grow exponentially; no expression of
/// use comes near this.
constexpr int64_t kMaxWeight = 100'000;

/// The type `function` gives for arguments of these types.
Result<std::shared_ptr<DataType>> ResultType(
    const std::string& function, const std::vector<TypedExpr>& args,
    const std::shared_ptr<cp::FunctionOptions>& options) {
  arrow::FieldVector fields;
  std::vector<cp::Expression> placeholders;
  for (size_t i = 0; i < args.size(); ++i) {
    fields.push_back(arrow::field("", args[i].type));
    placeholders.push_back(
        cp::field_ref(arrow::FieldRef(arrow::FieldPath({static_cast<int>(i)}))));
  }
  ARROW_ASSIGN_OR_RAISE(const cp::Expression bound,
                        cp::call(function, std::move(placeholders), options)
                            .Bind(arrow::Schema(std::move(fields))));
  return bound.type()->GetSharedPtr();
}

std::string TypeList(const std::vector<TypedExpr>& args) {
  std::string list;
  for (const TypedExpr& arg : args) {
    if (!list.empty()) list += ", ";
    list += TypeText(*arg.type);
  }
  return list;
}

}  // namespace

std::string TypeAndPlace(const TypedExpr& expr) {
  return TypeText(*expr.type) + " at column " + std::to_string(expr.source->offset() + 1);
}

TypedExpr TypedScalar(const Expr& source, std::shared_ptr<arrow::Scalar> value) {
  std::shared_ptr<DataType> type = value->type;
  return {cp::literal(arrow::Datum(std::move(value))), std::move(type), &source};
}

TypedExpr TypedNull(const Expr& source, std::shared_ptr<DataType> type) {
  return TypedScalar(source, arrow::MakeNullScalar(std::move(type)));
}

Result<TypedExpr> CallKernel(const Expr& source, const std::string& function,
                             std::vector<TypedExpr> args,
                             std::shared_ptr<cp::FunctionOptions> options) {
  TypedExpr result;
  result.source = &source;
  auto type = ResultType(function, args, options);
  if (!type.ok()) {
    if (BlameOf(type.status()) == Blame::kResource) return type.status();
    return ExprError(source.offset(), "'", source.name(), "' does not take (",
                     TypeList(args), ")");
  }
  result.type = type.MoveValueUnsafe();
  std::vector<cp::Expression> expressions;
  for (TypedExpr& arg : args) {
    result.weight += arg.weight;
    expressions.push_back(std::move(arg.expression));
  }
  if (result.weight > kMaxWeight) {
    return ExprError(source.offset(), "the expression expands to more than ", kMaxWeight,
                     " operations");
  }
  result.expression = cp::call(function, std::move(expressions), std::move(options));
  return result;
}

Result<TypedExpr> CastKernel(TypedExpr value, const std::shared_ptr<DataType>& type) {
  if (value.type->Equals(*type)) return value;
  const Expr& source = *value.source;
  if (value.type->id() == Type::NA) return TypedNull(source, type);
  if (!cp::CanCast(*value.type, *type)) {
    return ExprError(source.offset(), "found ", TypeText(*value.type),
                     ", expected something that converts to ", TypeText(*type));
  }
  cp::CastOptions options = cp::CastOptions::Safe(type);
  options.allow_float_truncate = !arrow::is_integer(type->id());
  options.allow_decimal_truncate = true;
  options.allow_time_truncate = true;
  return CallKernel(source, "cast", {std::move(value)},
                    std::make_shared<cp::CastOptions>(std::move(options)));
}

Result<TypedExpr> Plain(TypedExpr value) {
  switch (value.type->id()) {
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(*value.type);
      const std::shared_ptr<DataType> values = dictionary.value_type();
      ARROW_ASSIGN_OR_RAISE(value, CastKernel(std::move(value), values));
      return Plain(std::move(value));
    }
    case Type::STRING_VIEW:
      return CastKernel(std::move(value), arrow::utf8());
    case Type::BINARY_VIEW:
      return CastKernel(std::move(value), arrow::binary());
    case Type::HALF_FLOAT:
      return CastKernel(std::move(value), arrow::float32());
    case Type::DATE64:
      return CastKernel(std::move(value), arrow::date32());
    default:
      return value;
  }
}

Result<std::shared_ptr<DataType>> JointType(const Expr& source,
                                            const std::vector<TypedExpr>& args) {
  std::shared_ptr<DataType> joint = arrow::null();
  const TypedExpr* first = nullptr;
  for (const bool literals : {false, true}) {
    for (const TypedExpr& arg : args) {
      if (arg.is_literal() != literals || arg.type->id() == Type::NA) continue;
      std::shared_ptr<DataType> wider;
      if (literals) {
        ARROW_ASSIGN_OR_RAISE(wider, WidenForLiteral(joint, *arg.source));
      } else {
        wider = Widen(joint, arg.type);
      }
      if (wider == nullptr) {
        return ExprError(source.offset(), "found ", TypeAndPlace(*first), " and ",
                         TypeAndPlace(arg), ", expected types that go together");
      }
      if (first == nullptr) first = &arg;
      joint = std::move(wider);
    }
  }
  return joint;
}

Result<TypedExpr> AsType(TypedExpr value, const std::shared_ptr<DataType>& type) {
  if (!value.is_literal()) return CastKernel(std::move(value), type);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Scalar> scalar,
                        LiteralScalar(*value.source, type));
  if (scalar == nullptr) return CastKernel(std::move(value), type);
  return TypedScalar(*value.source, std::move(scalar));
}

Result<std::vector<TypedExpr>> Unified(const Expr& source, std::vector<TypedExpr> args,
                                       const std::shared_ptr<DataType>& if_null) {
  for (TypedExpr& arg : args) {
    ARROW_ASSIGN_OR_RAISE(arg, Plain(std::move(arg)));
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<DataType> type, JointType(source, args));
  if (type->id() == Type::NA) type = if_null;
  for (TypedExpr& arg : args) {
    ARROW_ASSIGN_OR_RAISE(arg, AsType(std::move(arg), type));
  }
  return args;
}

}  // namespace windrow::plan
