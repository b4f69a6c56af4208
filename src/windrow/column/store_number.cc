// SPDX-License-Identifier: Apache-2.0
// Integers and floats as targets.
#include <charconv>
#include <cmath>
#include <limits>

#include "windrow/column/store_internal.h"

namespace windrow::column::internal {
namespace {

/// `value` as an integer of type Out; false unless it is whole and in range.
template <typename Out, typename In>
bool ToInteger(In value, Out* out) {
  if constexpr (std::is_floating_point_v<In>) {
    // The bounds as floats: -2^n is exact, 2^n is the first that does not fit.
    constexpr In kLow = static_cast<In>(std::numeric_limits<Out>::min());
    if (!(value >= kLow && value < -kLow) || std::trunc(value) != value) return false;
  } else if (!std::in_range<Out>(value)) {
    return false;
  }
  *out = static_cast<Out>(value);
  return true;
}

/// `value` as the nearest float of type Out; false when a finite one becomes infinite.
template <typename Out, typename In>
bool ToFloat(In value, Out* out) {
  *out = static_cast<Out>(value);
  if constexpr (std::is_floating_point_v<In>) {
    return std::isfinite(*out) || !std::isfinite(value);
  }
  return true;
}

template <typename Out, typename In>
bool Convert(In value, Out* out) {
  if constexpr (std::is_floating_point_v<Out>) {
    return ToFloat(value, out);
  } else {
    return ToInteger(value, out);
  }
}

template <typename Out>
bool FromText(const std::string& text, Out* out) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), *out);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

/// A decimal is read as its digits with an exponent, which gives the nearest float; as an
/// integer it must have nothing but zeros after the point.
template <typename Out>
Result<ArrayPtr> FromDecimal(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                             arrow::MemoryPool* pool) {
  const int scale = checked_cast<const arrow::DecimalType&>(*values->type()).scale();
  ARROW_ASSIGN_OR_RAISE(
      const ArrayPtr wide,
      CastTo(values, arrow::decimal256(arrow::Decimal256Type::kMaxPrecision, scale),
             pool));
  const auto& decimals = checked_cast<const arrow::Decimal256Array&>(*wide);
  return StoreRows<Out>(
      *values, type.StorageType(), bad, pool, [&](int64_t row, Out* out) {
        arrow::Decimal256 value(decimals.GetValue(row));
        if constexpr (std::is_floating_point_v<Out>) {
          return FromText(value.ToIntegerString() + "e" + std::to_string(-scale), out);
        } else {
          const auto whole = value.Rescale(scale, 0);
          return whole.ok() && FromText(whole->ToIntegerString(), out);
        }
      });
}

template <typename Out, typename InArray>
Result<ArrayPtr> FromNumber(const arrow::Array& values, const SqlType& type,
                            BadValue* bad, arrow::MemoryPool* pool) {
  const auto* numbers = checked_cast<const InArray&>(values).raw_values();
  return StoreRows<Out>(
      values, type.StorageType(), bad, pool,
      [&](int64_t row, Out* out) { return Convert(numbers[row], out); });
}

template <typename Out>
Result<ArrayPtr> StoreAsNumber(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                               arrow::MemoryPool* pool) {
  switch (values->type_id()) {
    case arrow::Type::INT8:
      return FromNumber<Out, arrow::Int8Array>(*values, type, bad, pool);
    case arrow::Type::INT16:
      return FromNumber<Out, arrow::Int16Array>(*values, type, bad, pool);
    case arrow::Type::INT32:
      return FromNumber<Out, arrow::Int32Array>(*values, type, bad, pool);
    case arrow::Type::INT64:
      return FromNumber<Out, arrow::Int64Array>(*values, type, bad, pool);
    case arrow::Type::UINT8:
      return FromNumber<Out, arrow::UInt8Array>(*values, type, bad, pool);
    case arrow::Type::UINT16:
      return FromNumber<Out, arrow::UInt16Array>(*values, type, bad, pool);
    case arrow::Type::UINT32:
      return FromNumber<Out, arrow::UInt32Array>(*values, type, bad, pool);
    case arrow::Type::UINT64:
      return FromNumber<Out, arrow::UInt64Array>(*values, type, bad, pool);
    case arrow::Type::FLOAT:
      return FromNumber<Out, arrow::FloatArray>(*values, type, bad, pool);
    case arrow::Type::DOUBLE:
      return FromNumber<Out, arrow::DoubleArray>(*values, type, bad, pool);
    case arrow::Type::HALF_FLOAT: {
      ARROW_ASSIGN_OR_RAISE(const auto floats, CastTo(values, arrow::float32(), pool));
      return FromNumber<Out, arrow::FloatArray>(*floats, type, bad, pool);
    }
    default:
      return FromDecimal<Out>(values, type, bad, pool);
  }
}

}  // namespace

Result<ArrayPtr> StoreNumber(const ArrayPtr& values, const SqlType& type, BadValue* bad,
                             arrow::MemoryPool* pool) {
  if (values->type()->Equals(*type.StorageType())) return values;
  switch (type.kind) {
    case SqlKind::kSmallint:
      return StoreAsNumber<int16_t>(values, type, bad, pool);
    case SqlKind::kInteger:
      return StoreAsNumber<int32_t>(values, type, bad, pool);
    case SqlKind::kBigint:
      return StoreAsNumber<int64_t>(values, type, bad, pool);
    case SqlKind::kReal:
      return StoreAsNumber<float>(values, type, bad, pool);
    default:
      return StoreAsNumber<double>(values, type, bad, pool);
  }
}

}  // namespace windrow::column::internal
