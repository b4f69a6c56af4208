// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace windrow::format {

/// A number as PostgreSQL keeps it: the sum of digits[i] * 10000^(weight - i).
struct CopyNumeric {
  static constexpr int kMostDigits = 22;  ///< of 38 decimal ones, wherever the point is
  std::array<uint16_t, kMostDigits> digits;
  int num_digits = 0;  ///< without zeros at either end
  int weight = 0;
  bool is_negative = false;
};

/// `value` / 10^scale, scale 0 to 38.
CopyNumeric ToCopyNumeric(const arrow::Decimal128& value, int32_t scale);

/// Writes the field (without its length) of a number of plain decimal digits, such as
/// "-0.50", and gives the place after it; at most MostNumericBytes(text.size()).
uint8_t* StoreNumericText(std::string_view text, uint8_t* to);
constexpr int64_t MostNumericBytes(int64_t text_bytes) { return 12 + text_bytes; }

/// The field of a numeric: the words ndigits, weight, sign, dscale, then the digits.
/// Nullopt for NaN, infinities and what does not fit `precision` and `scale`, or is no
/// numeric.
std::optional<arrow::Decimal128> ReadNumeric(std::string_view field, int32_t precision,
                                             int32_t scale);
/// The same as the text the server would show; nullopt for what is no numeric.
std::optional<std::string> ReadNumericText(std::string_view field);

}  // namespace windrow::format
