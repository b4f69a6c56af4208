// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/type_widening.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "windrow/plan/literal_value.h"

namespace windrow::plan {
namespace {

using arrow::DataType;
using arrow::Type;
using TypePtr = std::shared_ptr<DataType>;

TypePtr WidenIntegers(const TypePtr& left, const TypePtr& right) {
  const bool left_unsigned = arrow::is_unsigned_integer(left->id());
  const int left_bits = arrow::bit_width(left->id());
  const int right_bits = arrow::bit_width(right->id());
  if (left_unsigned == arrow::is_unsigned_integer(right->id())) {
    return left_bits >= right_bits ? left : right;
  }
  const int signed_bits = left_unsigned ? right_bits : left_bits;
  const int unsigned_bits = left_unsigned ? left_bits : right_bits;
  const int bits = std::max(signed_bits, 2 * unsigned_bits);
  if (bits == 16) return arrow::int16();
  return bits == 32 ? arrow::int32() : arrow::int64();
}

/// The decimal type that holds every value of `type`, itself if it is one.
std::pair<int, int> DecimalShape(const DataType& type) {
  if (arrow::is_decimal(type.id())) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(type);
    return {decimal.precision(), decimal.scale()};
  }
  switch (arrow::bit_width(type.id())) {
    case 8:
      return {3, 0};
    case 16:
      return {5, 0};
    case 32:
      return {10, 0};
    default:
      return {20, 0};
  }
}

TypePtr WidenDecimals(const DataType& left, const DataType& right) {
  const auto [left_precision, left_scale] = DecimalShape(left);
  const auto [right_precision, right_scale] = DecimalShape(right);
  const int scale = std::max(left_scale, right_scale);
  const int precision =
      scale + std::max(left_precision - left_scale, right_precision - right_scale);
  if (precision > 76) return arrow::float64();
  const bool wide =
      precision > 38 || left.id() == Type::DECIMAL256 || right.id() == Type::DECIMAL256;
  return wide ? arrow::decimal256(precision, scale) : arrow::decimal128(precision, scale);
}

TypePtr WidenNumbers(const TypePtr& left, const TypePtr& right) {
  if (arrow::is_integer(left->id()) && arrow::is_integer(right->id())) {
    return WidenIntegers(left, right);
  }
  if (arrow::is_floating(left->id()) || arrow::is_floating(right->id())) {
    return arrow::float64();
  }
  return WidenDecimals(*left, *right);
}

TypePtr WidenTimestamps(const DataType& left, const DataType& right) {
  const auto& a = static_cast<const arrow::TimestampType&>(left);
  const auto& b = static_cast<const arrow::TimestampType&>(right);
  if (a.timezone().empty() != b.timezone().empty()) return nullptr;
  return arrow::timestamp(std::max(a.unit(), b.unit()), a.timezone());
}

/// Dates are naive: they go with naive timestamps.
TypePtr WidenDate(const TypePtr& timestamp) {
  const auto& type = static_cast<const arrow::TimestampType&>(*timestamp);
  return type.timezone().empty() ? timestamp : nullptr;
}

bool IsTime(const DataType& type) {
  return type.id() == Type::TIME32 || type.id() == Type::TIME64;
}

TypePtr WidenTimes(const DataType& left, const DataType& right) {
  const auto unit = std::max(static_cast<const arrow::TimeType&>(left).unit(),
                             static_cast<const arrow::TimeType&>(right).unit());
  if (unit == arrow::TimeUnit::SECOND || unit == arrow::TimeUnit::MILLI) {
    return arrow::time32(unit);
  }
  return arrow::time64(unit);
}

}  // namespace

bool IsNumber(const DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

bool IsText(const DataType& type) { return arrow::is_string(type.id()); }

TypePtr Widen(const TypePtr& left, const TypePtr& right) {
  if (left->Equals(*right) || right->id() == Type::NA) return left;
  if (left->id() == Type::NA) return right;
  if (IsNumber(*left) && IsNumber(*right)) return WidenNumbers(left, right);
  if (IsText(*left) && IsText(*right)) return arrow::large_utf8();
  if (arrow::is_base_binary_like(left->id()) && arrow::is_base_binary_like(right->id()) &&
      !IsText(*left) && !IsText(*right)) {
    return arrow::large_binary();
  }
  const bool left_timestamp = left->id() == Type::TIMESTAMP;
  const bool right_timestamp = right->id() == Type::TIMESTAMP;
  if (left_timestamp && right_timestamp) return WidenTimestamps(*left, *right);
  if (left_timestamp && right->id() == Type::DATE32) return WidenDate(left);
  if (right_timestamp && left->id() == Type::DATE32) return WidenDate(right);
  if (IsTime(*left) && IsTime(*right)) return WidenTimes(*left, *right);
  if (left->id() == Type::DURATION && right->id() == Type::DURATION) {
    return arrow::duration(
        std::max(static_cast<const arrow::DurationType&>(*left).unit(),
                 static_cast<const arrow::DurationType&>(*right).unit()));
  }
  return nullptr;
}

Result<TypePtr> WidenForLiteral(const TypePtr& type, const Expr& literal) {
  ARROW_ASSIGN_OR_RAISE(TypePtr natural, NaturalType(literal));
  if (type->id() == Type::NA) return natural;
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Scalar> value,
                        LiteralScalar(literal, type));
  if (value != nullptr) return type;
  if (arrow::is_decimal(type->id()) && literal.IsNumber()) {
    if (TypePtr decimal = DecimalTypeOf(literal)) natural = std::move(decimal);
  }
  return Widen(type, natural);
}

}  // namespace windrow::plan
