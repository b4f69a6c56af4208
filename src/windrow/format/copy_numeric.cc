// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/copy_numeric.h"

#include <arrow/util/decimal.h>

#include <algorithm>
#include <limits>

#include "windrow/format/big_endian.h"

namespace windrow::format {
namespace {

using Wide = unsigned __int128;

constexpr int kDecimals = 4;  ///< decimal digits of one of base 10000
constexpr int32_t kBase = 10000;
constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNotANumber = 0xC000;
constexpr uint16_t kInfinity = 0xD000;
constexpr uint16_t kMinusInfinity = 0xF000;

/// 10^exponent in `Number`, which must hold it.
template <typename Number>
constexpr auto MakePowers() {
  constexpr size_t kCount = std::numeric_limits<Number>::digits10 + 1;
  std::array<Number, kCount> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < kCount; ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
template <>
constexpr auto MakePowers<Wide>() {
  std::array<Wide, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
template <typename Number>
constexpr auto kPowers = MakePowers<Number>();

/// Splits magnitude / 10^scale into digits of base 10000. 10^scale fits `Number`.
template <typename Number>
void Split(Number magnitude, int32_t scale, CopyNumeric* numeric) {
  const auto& powers = kPowers<Number>;
  Number whole = magnitude / powers[scale];
  Number part = magnitude % powers[scale];
  auto& digits = numeric->digits;
  int count = 0;
  for (; whole > 0; whole /= kBase) {
    digits[count++] = static_cast<uint16_t>(whole % kBase);
  }
  std::reverse(digits.begin(), digits.begin() + count);
  numeric->weight = count - 1;
  for (int32_t left = scale; part > 0; left -= kDecimals) {
    // The digit's decimals that are there: the last may have fewer than four.
    if (left >= kDecimals) {
      const Number unit = powers[left - kDecimals];
      digits[count] = static_cast<uint16_t>(part / unit);
      part %= unit;
    } else {
      digits[count] = static_cast<uint16_t>(part * powers[kDecimals - left]);
      part = 0;
    }
    if (count > 0 || digits[0] > 0) {
      ++count;
    } else {
      --numeric->weight;
    }
  }
  while (count > 0 && digits[count - 1] == 0) --count;
  numeric->num_digits = count;
  if (count == 0) numeric->weight = 0;
}

/// The words of a field, checked to be complete.
struct Words {
  uint16_t num_digits;
  int16_t weight;
  uint16_t sign;
  uint16_t scale;
  std::string_view digits;

  uint16_t digit(int index) const {
    if (index < 0 || index >= num_digits) return 0;
    return LoadBig<uint16_t>(digits.data() + 2 * index);
  }
};

std::optional<Words> ReadWords(std::string_view field) {
  constexpr size_t kWords = 8;
  if (field.size() < kWords) return std::nullopt;
  const Words words{LoadBig<uint16_t>(field.data()), LoadBig<int16_t>(field.data() + 2),
                    LoadBig<uint16_t>(field.data() + 4),
                    LoadBig<uint16_t>(field.data() + 6), field.substr(kWords)};
  if (words.digits.size() != size_t{2} * words.num_digits) return std::nullopt;
  return words;
}

}  // namespace

CopyNumeric ToCopyNumeric(const arrow::Decimal128& value, int32_t scale) {
  CopyNumeric numeric;
  numeric.is_negative = value.IsNegative();
  const arrow::Decimal128 magnitude = arrow::Decimal128::Abs(value);
  constexpr int32_t kNarrowScale = std::numeric_limits<uint64_t>::digits10;
  if (magnitude.high_bits() == 0 && scale <= kNarrowScale) {
    Split<uint64_t>(magnitude.low_bits(), scale, &numeric);
  } else {
    const Wide wide =
        (static_cast<Wide>(static_cast<uint64_t>(magnitude.high_bits())) << 64) |
        magnitude.low_bits();
    Split<Wide>(wide, scale, &numeric);
  }
  return numeric;
}

uint8_t* StoreNumericText(std::string_view text, uint8_t* to) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const auto whole = static_cast<int>(point);
  const auto scale = static_cast<int>(text.size() - std::min(point + 1, text.size()));
  // The decimal digit that is worth 10^exponent.
  const auto decimal_at = [&](int exponent) -> int {
    const int place = exponent >= 0 ? whole - 1 - exponent : whole - exponent;
    const bool is_there =
        place >= 0 && place < static_cast<int>(text.size()) && place != whole;
    return is_there ? text[place] - '0' : 0;
  };
  uint8_t* const words = to;
  to += 4 * sizeof(uint16_t);
  int num_digits = 0;
  int weight = 0;
  uint8_t* end = to;  // after the last digit that is not zero
  for (int i = (whole + kDecimals - 1) / kDecimals - 1; kDecimals * (i + 1) > -scale;
       --i) {
    uint16_t digit = 0;
    for (int d = kDecimals - 1; d >= 0; --d) {
      digit = static_cast<uint16_t>(10 * digit + decimal_at(kDecimals * i + d));
    }
    if (num_digits == 0 && digit == 0) continue;
    if (num_digits++ == 0) weight = i;
    to = StoreBig(digit, to);
    if (digit != 0) end = to;
  }
  num_digits = static_cast<int>(end - words) / 2 - 4;
  uint8_t* word = StoreBig(static_cast<uint16_t>(num_digits), words);
  word = StoreBig(static_cast<int16_t>(weight), word);
  word = StoreBig<uint16_t>(is_negative && num_digits > 0 ? kNegative : 0, word);
  StoreBig(static_cast<uint16_t>(scale), word);
  return end;
}

std::optional<arrow::Decimal128> ReadNumeric(std::string_view field, int32_t precision,
                                             int32_t scale) {
  const std::optional<Words> words = ReadWords(field);
  if (!words.has_value() || (words->sign != 0 && words->sign != kNegative)) {
    return std::nullopt;
  }
  const auto& powers = kPowers<Wide>;
  const Wide limit = powers[precision];
  Wide sum = 0;
  for (int i = 0; i < words->num_digits; ++i) {
    const uint16_t digit = words->digit(i);
    if (digit >= kBase) return std::nullopt;
    // Decimals of this digit that the scale has room for.
    const int room =
        std::clamp(kDecimals * (words->weight - i + 1) + scale, 0, kDecimals);
    if (sum > limit / powers[room]) return std::nullopt;
    sum = sum * powers[room] + digit / static_cast<uint16_t>(powers[kDecimals - room]);
    if (room < kDecimals && digit % static_cast<uint16_t>(powers[kDecimals - room]) != 0)
      return std::nullopt;
  }
  const int missing = kDecimals * (words->weight + 1 - words->num_digits) + scale;
  for (int i = 0; i < missing && sum > 0; ++i) {
    sum *= 10;
    if (sum >= limit) return std::nullopt;
  }
  if (sum >= limit) return std::nullopt;
  const arrow::Decimal128 magnitude(static_cast<int64_t>(sum >> 64),
                                    static_cast<uint64_t>(sum));
  return words->sign == kNegative ? arrow::Decimal128(-magnitude) : magnitude;
}

std::optional<std::string> ReadNumericText(std::string_view field) {
  const std::optional<Words> words = ReadWords(field);
  if (!words.has_value()) return std::nullopt;
  if (words->sign == kNotANumber) return "NaN";
  if (words->sign == kInfinity) return "Infinity";
  if (words->sign == kMinusInfinity) return "-Infinity";
  const auto append = [](std::string* text, uint16_t digit) {
    std::string decimals = std::to_string(digit);
    text->append(kDecimals - std::min<size_t>(decimals.size(), kDecimals), '0');
    *text += decimals;
  };
  std::string whole;
  for (int i = 0; i <= words->weight; ++i) append(&whole, words->digit(i));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.empty()) whole = "0";
  if (words->sign == kNegative) whole.insert(0, 1, '-');
  if (words->scale == 0) return whole;
  std::string part;
  for (int i = words->weight + 1; part.size() < words->scale; ++i) {
    append(&part, words->digit(i));
  }
  part.resize(words->scale);
  return whole + "." + part;
}

}  // namespace windrow::format
