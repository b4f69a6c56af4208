// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace windrow::source {

/// The ninth character of a CUSIP, from its first eight (digits and capitals).
char CusipCheckDigit(const char* body);

/// The twelfth character of an ISIN, from its first eleven (digits and capitals): letters
/// count as 10 to 35, then Luhn over all digits (ISO 6166).
char IsinCheckDigit(const char* body);

/// Writes a CUSIP of nine characters drawn from `bits`: a letter other than I and O,
/// seven letters or digits, the check digit.
void WriteCusip(uint64_t bits, char* out);

}  // namespace windrow::source
