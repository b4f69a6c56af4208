// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/byte_size.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace windrow {

Result<int64_t> ParseByteSize(std::string_view text) {
  const std::string_view original = text;
  auto bad = [&] {
    return UserError("size '", original,
                     "': expected a number with an optional unit, such as "
                     "512MiB or 2GiB");
  };
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0 || !std::isfinite(number)) return bad();
  std::string unit;
  for (const char* at = rest; at != end; ++at) {
    if (*at != ' ')
      unit += static_cast<char>(std::toupper(static_cast<unsigned char>(*at)));
  }
  double scale = 1;
  if (!unit.empty() && unit != "B") {
    constexpr std::string_view kPrefixes = "KMGT";
    const size_t power = kPrefixes.find(unit[0]);
    if (power == std::string_view::npos) return bad();
    const std::string suffix = unit.substr(1);
    if (suffix == "" || suffix == "IB") {
      scale = std::pow(1024.0, static_cast<double>(power + 1));
    } else if (suffix == "B") {
      scale = std::pow(1000.0, static_cast<double>(power + 1));
    } else {
      return bad();
    }
  }
  const double bytes = number * scale;
  if (bytes > 9e18) return bad();
  return static_cast<int64_t>(bytes);
}

std::string FormatByteSize(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, kUnits[unit]);
  return text.data();
}

}  // namespace windrow
