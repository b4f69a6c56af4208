// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/decimal_text.h"

#include <cstddef>

namespace windrow {

void AppendDecimal(std::string_view digits, int exponent, std::string* out) {
  if (digits.starts_with('-')) {
    *out += '-';
    digits.remove_prefix(1);
  }
  if (exponent >= 0) {
    *out += digits;
    if (digits != "0") out->append(exponent, '0');
    return;
  }
  const auto fraction = static_cast<size_t>(-exponent);
  if (digits.size() > fraction) {
    *out += digits.substr(0, digits.size() - fraction);
    digits.remove_prefix(digits.size() - fraction);
    *out += '.';
  } else {
    *out += "0.";
    out->append(fraction - digits.size(), '0');
  }
  *out += digits;
}

}  // namespace windrow
