// SPDX-License-Identifier: Apache-2.0
// numeric. A value is taken apart into decimal digits and an exponent (a float by its
// shortest text) and put together at the scale of the column, rounded half away from zero
// once. 0.1 gives 0.100000000000000, which its binary expansion would not.
#include <arrow/builder.h>
#include <arrow/util/decimal.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "windrow/base/decimal_text.h"
#include "windrow/column/store_internal.h"

namespace windrow::column::internal {
namespace {

using Magnitude = unsigned __int128;

constexpr int kDigitsMax = 38;

constexpr std::array<Magnitude, kDigitsMax + 1> kPowers = [] {
  std::array<Magnitude, kDigitsMax + 1> powers = {1};
  for (int i = 1; i <= kDigitsMax; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// magnitude * 10^exponent, perhaps below zero. At most 38 digits.
struct Number {
  Magnitude magnitude = 0;
  int exponent = 0;
  bool is_negative = false;
};

template <typename Integer>
Number FromInteger(Integer value) {
  Number number;
  number.is_negative = value < 0;
  number.magnitude = static_cast<uint64_t>(value);
  if (number.is_negative) number.magnitude = -static_cast<uint64_t>(value);
  return number;
}

/// By the shortest text that reads back to it; nullopt for NaN and the infinities.
template <typename Float>
std::optional<Number> FromFloat(Float value) {
  if (!std::isfinite(value)) return std::nullopt;
  Number number;
  number.is_negative = value < 0;
  value = std::abs(value);
  // Whole numbers that a float holds apart from their neighbours are their own shortest
  // text.
  constexpr Float kWholeMax = Float{1} / std::numeric_limits<Float>::epsilon();
  if (value < kWholeMax && std::trunc(value) == value) {
    number.magnitude = static_cast<uint64_t>(value);
    return number;
  }
  std::array<char, 32> text;  // "1.2345678901234567e-308"
  const char* end = std::to_chars(text.data(), text.data() + text.size(), value,
                                  std::chars_format::scientific)
                        .ptr;
  uint64_t digits = 0;
  const char* at = text.data();
  for (; *at != 'e'; ++at) {
    if (*at == '.') continue;
    digits = digits * 10 + static_cast<uint64_t>(*at - '0');
  }
  const auto digits_after_point = at - text.data() - (at > text.data() + 1 ? 2 : 1);
  at += at[1] == '+' ? 2 : 1;
  std::from_chars(at, end, number.exponent);
  number.exponent -= static_cast<int>(digits_after_point);
  number.magnitude = digits;
  return number;
}

/// nullopt when more than 38 digits are left at `scale`.
std::optional<Number> FromDecimal(arrow::Decimal256 value, int scale_now, int scale) {
  if (scale_now > scale) {
    value = arrow::Decimal256(value.ReduceScaleBy(scale_now - scale));
    scale_now = scale;
  }
  if (!value.FitsInPrecision(kDigitsMax)) return std::nullopt;
  Number number;
  number.is_negative = value.IsNegative();
  if (number.is_negative) value.Negate();
  const auto& words = value.little_endian_array();
  number.magnitude = Magnitude{words[1]} << 64 | words[0];
  number.exponent = -scale_now;
  return number;
}

/// The number in units of 10^-scale; false when it has more than `precision` digits.
bool ToScale(const Number& number, int precision, int scale, Magnitude* units) {
  const int shift = number.exponent + scale;
  if (number.magnitude == 0 || shift < -kDigitsMax) {
    *units = 0;
    return true;
  }
  if (shift >= 0) {
    if (shift > precision || number.magnitude >= kPowers[precision - shift]) return false;
    *units = number.magnitude * kPowers[shift];
    return true;
  }
  const Magnitude divisor = kPowers[-shift];
  Magnitude rest = 0;
  if (number.magnitude <= UINT64_MAX && divisor <= UINT64_MAX) {
    const auto small = static_cast<uint64_t>(number.magnitude);
    *units = small / static_cast<uint64_t>(divisor);
    rest = small % static_cast<uint64_t>(divisor);
  } else {
    *units = number.magnitude / divisor;
    rest = number.magnitude % divisor;
  }
  if (rest >= divisor - rest) ++*units;
  return *units < kPowers[precision];
}

struct Decimal128Bytes {
  uint64_t low;
  uint64_t high;
};

/// `number(row)` gives an optional Number.
template <typename NumberOf>
Result<ArrayPtr> StoreNumbers(const arrow::Array& values, const SqlType& type,
                              BadValue* bad, arrow::MemoryPool* pool,
                              NumberOf&& number_of) {
  return StoreRows<Decimal128Bytes>(
      values, type.StorageType(), bad, pool, [&](int64_t row, Decimal128Bytes* out) {
        const std::optional<Number> number = number_of(row);
        Magnitude units = 0;
        if (!number || !ToScale(*number, type.precision, type.scale, &units)) {
          return false;
        }
        if (number->is_negative) units = -units;
        *out = {static_cast<uint64_t>(units), static_cast<uint64_t>(units >> 64)};
        return true;
      });
}

std::string DigitsOf(Magnitude magnitude) {
  std::string digits;
  do {
    digits.insert(digits.begin(),
                  static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude > 0);
  return digits;
}

/// numeric without precision: `append(row, &text)` appends a number's text or gives
/// false.
template <typename Append>
Result<ArrayPtr> StoreDigits(const arrow::Array& values, BadValue* bad,
                             arrow::MemoryPool* pool, Append&& append) {
  arrow::StringBuilder texts(pool);
  ARROW_RETURN_NOT_OK(texts.Reserve(values.length()));
  std::string text;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) {
      texts.UnsafeAppendNull();
      continue;
    }
    text.clear();
    if (!append(row, &text)) return bad->At(values, row);
    ARROW_RETURN_NOT_OK(texts.Append(text));
  }
  return texts.Finish();
}

template <typename NumberOf>
Result<ArrayPtr> StoreEither(const arrow::Array& values, const SqlType& type,
                             BadValue* bad, arrow::MemoryPool* pool,
                             NumberOf&& number_of) {
  if (type.precision > 0) return StoreNumbers(values, type, bad, pool, number_of);
  return StoreDigits(values, bad, pool, [&](int64_t row, std::string* text) {
    const std::optional<Number> number = number_of(row);
    if (!number) return false;
    const char* sign = number->is_negative && number->magnitude != 0 ? "-" : "";
    AppendDecimal(sign + DigitsOf(number->magnitude), number->exponent, text);
    return true;
  });
}

Result<ArrayPtr> StoreDecimals(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                               arrow::MemoryPool* pool) {
  const int scale_now = checked_cast<const arrow::DecimalType&>(*values->type()).scale();
  ARROW_ASSIGN_OR_RAISE(
      const ArrayPtr wide,
      CastTo(values, arrow::decimal256(arrow::Decimal256Type::kMaxPrecision, scale_now),
             pool));
  const auto& decimals = checked_cast<const arrow::Decimal256Array&>(*wide);
  if (type.precision == 0) {
    return StoreDigits(*values, bad, pool, [&](int64_t row, std::string* text) {
      const arrow::Decimal256 value(decimals.GetValue(row));
      AppendDecimal(value.ToIntegerString(), -scale_now, text);
      return true;
    });
  }
  return StoreNumbers(*values, type, bad, pool, [&](int64_t row) {
    return FromDecimal(arrow::Decimal256(decimals.GetValue(row)), scale_now, type.scale);
  });
}

}  // namespace

Result<ArrayPtr> StoreNumeric(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                              arrow::MemoryPool* pool) {
  if (values->type()->Equals(*type.StorageType())) return values;
  const auto id = values->type_id();
  if (arrow::is_decimal(id)) return StoreDecimals(values, type, bad, pool);
  if (id == arrow::Type::DOUBLE) {
    const double* numbers = checked_cast<const arrow::DoubleArray&>(*values).raw_values();
    return StoreEither(*values, type, bad, pool,
                       [&](int64_t row) { return FromFloat(numbers[row]); });
  }
  if (id == arrow::Type::FLOAT || id == arrow::Type::HALF_FLOAT) {
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr floats, CastTo(values, arrow::float32(), pool));
    const float* numbers = checked_cast<const arrow::FloatArray&>(*floats).raw_values();
    return StoreEither(*floats, type, bad, pool,
                       [&](int64_t row) { return FromFloat(numbers[row]); });
  }
  if (id == arrow::Type::UINT64) {
    const uint64_t* numbers =
        checked_cast<const arrow::UInt64Array&>(*values).raw_values();
    return StoreEither(*values, type, bad, pool, [&](int64_t row) {
      return std::optional(FromInteger(numbers[row]));
    });
  }
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr wide, CastTo(values, arrow::int64(), pool));
  const int64_t* numbers = checked_cast<const arrow::Int64Array&>(*wide).raw_values();
  return StoreEither(*values, type, bad, pool, [&](int64_t row) {
    return std::optional(FromInteger(numbers[row]));
  });
}

}  // namespace windrow::column::internal
