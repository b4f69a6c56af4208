// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/literal_value.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "windrow/plan/expression_token.h"
#include "windrow/plan/instant_text.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

using arrow::DataType;
using arrow::Decimal256;
using arrow::Type;

constexpr int kMostDigits = 76;

Decimal256 PowerOfTen(int exponent) {
  return Decimal256(arrow::BasicDecimal256::GetScaleMultiplier(exponent));
}

Decimal256 FromInt128(__int128 value) {
  return Decimal256(
      arrow::Decimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)));
}

/// Smallest and greatest point of the grid of `type`.
std::pair<Decimal256, Decimal256> RangeOf(const DataType& type) {
  if (arrow::is_decimal(type.id())) {
    const Decimal256 limit =
        PowerOfTen(static_cast<const arrow::DecimalType&>(type).precision());
    const Decimal256 high(limit + Decimal256(-1));
    return {Decimal256(-high), high};
  }
  const int bits = type.id() == Type::TIMESTAMP ? 64 : arrow::bit_width(type.id());
  const bool is_unsigned = arrow::is_unsigned_integer(type.id());
  const __int128 top = (__int128{1} << (is_unsigned ? bits : bits - 1)) - 1;
  return {FromInt128(is_unsigned ? 0 : -top - 1), FromInt128(top)};
}

/// A literal as numerator / denominator in units of a grid. The numerator is missing when
/// it does not fit; the sign then tells on which side it lies.
struct Fraction {
  std::optional<Decimal256> numerator;
  Decimal256 denominator = Decimal256(1);
  bool is_negative = false;
};

/// `literal` in units of 10^-scale.
Fraction NumberFraction(const Expr& literal, int scale) {
  Fraction fraction;
  const std::string& text = literal.literal_text();
  fraction.is_negative = text.starts_with("-");
  Decimal256 value;
  int32_t precision = 0;
  int32_t literal_scale = 0;
  if (!Decimal256::FromString(text, &value, &precision, &literal_scale).ok()) {
    const double magnitude = std::fabs(std::strtod(text.c_str(), nullptr));
    if (magnitude >= 1) return fraction;
    // Too many digits below one: any small fraction falls between the same points unless
    // the grid is as fine as the literal.
    fraction.numerator = Decimal256(fraction.is_negative ? -1 : 1);
    fraction.denominator = PowerOfTen(kMostDigits);
    return fraction;
  }
  if (literal_scale <= scale) {
    auto rescaled = value.Rescale(literal_scale, scale);
    if (rescaled.ok()) fraction.numerator = *rescaled;
  } else {
    fraction.numerator = value;
    fraction.denominator = PowerOfTen(std::min(literal_scale - scale, kMostDigits));
  }
  return fraction;
}

int64_t NanosPerUnit(const DataType& type) {
  if (type.id() == Type::DATE32) return 86'400'000'000'000;
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    case arrow::TimeUnit::NANO:
      return 1;
  }
  return 1;
}

Result<Instant> InstantOf(const Expr& literal) {
  const LiteralKind kind = literal.literal_kind();
  const std::optional<Instant> instant = ReadInstant(literal.literal_text());
  if (instant && (kind != LiteralKind::kDate || instant->is_date)) return *instant;
  return ExprError(literal.offset(), "found '", literal.literal_text(), "', expected a ",
                   kind == LiteralKind::kDate
                       ? "date like '2025-01-31'"
                       : "date or time like '2025-01-31' or '2025-01-31 12:00:00'");
}

Result<Fraction> InstantFraction(const Expr& literal, const DataType& type) {
  ARROW_ASSIGN_OR_RAISE(const Instant instant, InstantOf(literal));
  std::string zone;
  if (type.id() == Type::TIMESTAMP) {
    zone = static_cast<const arrow::TimestampType&>(type).timezone();
  }
  const bool counts_as_utc =
      literal.literal_kind() == LiteralKind::kString && (zone == "UTC" || zone == "Z");
  if (!zone.empty() && !instant.has_offset && !counts_as_utc) {
    return ExprError(literal.offset(), "found '", literal.literal_text(),
                     "' without a zone for a value of type ", TypeText(type),
                     ", expected an offset like '2025-01-31T12:00:00Z'");
  }
  if (zone.empty() && instant.has_offset) {
    return ExprError(literal.offset(), "found '", literal.literal_text(),
                     "' with a zone for a value of type ", TypeText(type),
                     ", expected no offset");
  }
  Fraction fraction;
  fraction.numerator = FromInt128(instant.nanos);
  fraction.denominator = Decimal256(NanosPerUnit(type));
  return fraction;
}

bool IsInstantLiteral(const Expr& literal) {
  return literal.literal_kind() == LiteralKind::kDate ||
         literal.literal_kind() == LiteralKind::kTimestamp ||
         literal.literal_kind() == LiteralKind::kString;
}

Result<GridPoint> Place(const Fraction& fraction, const DataType& type) {
  GridPoint point;
  if (!fraction.numerator) {
    point.range = fraction.is_negative ? GridRange::kBelow : GridRange::kAbove;
    return point;
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts,
                        fraction.numerator->Divide(fraction.denominator));
  point.floor = parts.first;
  point.is_exact = parts.second == Decimal256(0);
  if (!point.is_exact && *fraction.numerator < Decimal256(0)) {
    point.floor = Decimal256(point.floor + Decimal256(-1));
  }
  const auto [low, high] = RangeOf(type);
  if (point.floor < low) point.range = GridRange::kBelow;
  if (point.floor > high) point.range = GridRange::kAbove;
  return point;
}

std::shared_ptr<arrow::Scalar> FloatScalar(const Expr& literal, const DataType& type) {
  const double value = std::strtod(literal.literal_text().c_str(), nullptr);
  if (type.id() == Type::DOUBLE) return arrow::MakeScalar(value);
  const bool is_integer = literal.literal_kind() == LiteralKind::kInteger;
  const float narrow = static_cast<float>(value);
  if (std::isinf(narrow) || (is_integer && static_cast<double>(narrow) != value)) {
    return nullptr;
  }
  return arrow::MakeScalar(narrow);
}

}  // namespace

bool HasGrid(const DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_decimal(type.id()) ||
         type.id() == Type::DATE32 || type.id() == Type::TIMESTAMP;
}

Result<std::optional<GridPoint>> PlaceOnGrid(const Expr& literal, const DataType& type) {
  Fraction fraction;
  if (arrow::is_integer(type.id()) || arrow::is_decimal(type.id())) {
    if (!literal.IsNumber()) return std::nullopt;
    const bool is_decimal = arrow::is_decimal(type.id());
    fraction = NumberFraction(
        literal, is_decimal ? static_cast<const arrow::DecimalType&>(type).scale() : 0);
  } else {
    if (!HasGrid(type) || !IsInstantLiteral(literal)) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(fraction, InstantFraction(literal, type));
  }
  ARROW_ASSIGN_OR_RAISE(GridPoint point, Place(fraction, type));
  return point;
}

std::shared_ptr<arrow::Scalar> GridScalar(const std::shared_ptr<DataType>& type,
                                          const Decimal256& floor) {
  if (type->id() == Type::DECIMAL256) {
    return std::make_shared<arrow::Decimal256Scalar>(floor, type);
  }
  const auto words = floor.little_endian_array();
  const arrow::Decimal128 narrow(static_cast<int64_t>(words[1]), words[0]);
  if (type->id() == Type::DECIMAL128) {
    return std::make_shared<arrow::Decimal128Scalar>(narrow, type);
  }
  if (arrow::is_decimal(type->id())) {
    return arrow::Decimal128Scalar(narrow, arrow::decimal128(18, 0))
        .CastTo(type)
        .ValueOr(nullptr);
  }
  if (type->id() == Type::UINT64) return arrow::MakeScalar(words[0]);
  const int64_t value = static_cast<int64_t>(words[0]);
  if (type->id() == Type::DATE32) {
    return std::make_shared<arrow::Date32Scalar>(static_cast<int32_t>(value));
  }
  return arrow::MakeScalar(type, value).ValueOr(nullptr);
}

Result<std::shared_ptr<DataType>> NaturalType(const Expr& literal) {
  switch (literal.literal_kind()) {
    case LiteralKind::kNull:
      return arrow::null();
    case LiteralKind::kBoolean:
      return arrow::boolean();
    case LiteralKind::kInteger:
      for (const auto& type : {arrow::int64(), arrow::uint64()}) {
        ARROW_ASSIGN_OR_RAISE(const auto point, PlaceOnGrid(literal, *type));
        if (point->range == GridRange::kInside) return type;
      }
      return arrow::float64();
    case LiteralKind::kFloat:
      return arrow::float64();
    case LiteralKind::kString:
      return arrow::utf8();
    case LiteralKind::kDate:
      ARROW_RETURN_NOT_OK(InstantOf(literal));
      return arrow::date32();
    case LiteralKind::kTimestamp: {
      ARROW_ASSIGN_OR_RAISE(const Instant instant, InstantOf(literal));
      return arrow::timestamp(
          instant.fraction_digits > 6 ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO,
          instant.has_offset ? "UTC" : "");
    }
  }
  return InternalError("a literal of unknown kind");
}

std::shared_ptr<DataType> DecimalTypeOf(const Expr& literal) {
  Decimal256 value;
  int32_t precision = 0;
  int32_t scale = 0;
  const bool read =
      Decimal256::FromString(literal.literal_text(), &value, &precision, &scale).ok();
  precision = std::max({precision, scale, 1});
  if (!read || precision > 38) return nullptr;
  return arrow::decimal128(precision, scale);
}

Result<std::shared_ptr<arrow::Scalar>> LiteralScalar(
    const Expr& literal, const std::shared_ptr<DataType>& type) {
  const LiteralKind kind = literal.literal_kind();
  if (kind == LiteralKind::kNull) return arrow::MakeNullScalar(type);
  if (kind == LiteralKind::kBoolean) {
    if (type->id() != Type::BOOL) return nullptr;
    return arrow::MakeScalar(literal.literal_text() == "true");
  }
  if (literal.IsNumber() && arrow::is_floating(type->id())) {
    return FloatScalar(literal, *type);
  }
  if (HasGrid(*type)) {
    ARROW_ASSIGN_OR_RAISE(const auto point, PlaceOnGrid(literal, *type));
    const bool is_value = point && point->is_exact && point->range == GridRange::kInside;
    return is_value ? GridScalar(type, point->floor) : nullptr;
  }
  if (kind != LiteralKind::kString || arrow::is_numeric(type->id()) ||
      type->id() == Type::BOOL) {
    return nullptr;
  }
  return arrow::Scalar::Parse(type, literal.literal_text()).ValueOr(nullptr);
}

}  // namespace windrow::plan
