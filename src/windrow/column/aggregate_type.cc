// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/aggregate_type.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <array>

#include "windrow/base/check.h"
#include "windrow/column/row_order.h"

namespace windrow::column {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsSmallDecimal(const arrow::DataType& type) {
  return arrow::is_decimal(type.id()) && type.id() != arrow::Type::DECIMAL256;
}

TypePtr SumType(const arrow::DataType& argument) {
  if (arrow::is_integer(argument.id())) return arrow::int64();
  if (arrow::is_floating(argument.id())) return arrow::float64();
  if (!IsSmallDecimal(argument)) return nullptr;
  const auto& decimal = static_cast<const arrow::DecimalType&>(argument);
  return arrow::decimal128(arrow::Decimal128Type::kMaxPrecision, decimal.scale());
}

}  // namespace

TypePtr ValueType(const TypePtr& type) {
  if (type->id() != arrow::Type::DICTIONARY) return type;
  return static_cast<const arrow::DictionaryType&>(*type).value_type();
}

TypePtr AggregateType(Aggregate function, const TypePtr& argument) {
  const TypePtr value = ValueType(argument);
  switch (function) {
    case Aggregate::kCountRows:
    case Aggregate::kCount:
      return arrow::int64();
    case Aggregate::kCountDistinct:
      return HasOrder(*value) ? arrow::int64() : nullptr;
    case Aggregate::kSum:
      return SumType(*value);
    case Aggregate::kAvg:
      return SumType(*value) == nullptr ? nullptr : arrow::float64();
    case Aggregate::kMin:
    case Aggregate::kMax:
    case Aggregate::kFirst:
    case Aggregate::kLast:
      return HasOrder(*value) ? value : nullptr;
  }
  return nullptr;
}

std::shared_ptr<arrow::Field> AggregateField(const std::string& name, Aggregate function,
                                             const TypePtr& argument) {
  TypePtr type = AggregateType(function, argument);
  WINDROW_CHECK(type != nullptr);
  const bool is_count = function == Aggregate::kCountRows ||
                        function == Aggregate::kCount ||
                        function == Aggregate::kCountDistinct;
  return arrow::field(name, std::move(type), !is_count);
}

std::string AggregateText(Aggregate function, const std::string& argument) {
  constexpr std::array<const char*, 9> kNames = {"count(*", "count(", "count(distinct ",
                                                 "sum(",    "min(",   "max(",
                                                 "avg(",    "first(", "last("};
  return kNames[static_cast<size_t>(function)] + argument + ")";
}

}  // namespace windrow::column
