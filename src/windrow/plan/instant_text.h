// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace windrow::plan {

/// A point in time read from text.
struct Instant {
  __int128 nanos = 0;       ///< since 1970-01-01, in UTC when it has an offset
  bool has_offset = false;  ///< "Z" or "+01:00" was written
  bool is_date = false;     ///< no time of day was written
  int fraction_digits = 0;  ///< digits of the second's fraction, without trailing zeros
};

/// Reads "2025-01-31", "2025-01-31 12:00", "2025-01-31T12:00:00.123456789Z" and the like;
/// nullopt for anything else. Years 0000 to 9999 do not overflow.
std::optional<Instant> ReadInstant(std::string_view text);

}  // namespace windrow::plan
