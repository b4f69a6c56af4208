// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/instant_text.h"

#include <arrow/util/value_parsing.h>

#include <string>

namespace windrow::plan {

std::optional<Instant> ReadInstant(std::string_view text) {
  Instant instant;
  std::string whole_seconds(text);
  int64_t fraction = 0;
  if (const size_t dot = text.find('.'); dot != std::string_view::npos) {
    size_t end = dot + 1;
    int digits = 0;
    for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
      if (++digits > 9) return std::nullopt;
      fraction = fraction * 10 + (text[end] - '0');
      if (text[end] != '0') instant.fraction_digits = digits;
    }
    // A fraction belongs to "YYYY-MM-DD hh:mm:ss".
    if (digits == 0 || dot != 19) return std::nullopt;
    for (; digits < 9; ++digits) fraction *= 10;
    whole_seconds.erase(dot, end - dot);
  }
  int64_t seconds = 0;
  if (!arrow::internal::ParseTimestampISO8601(whole_seconds.data(), whole_seconds.size(),
                                              arrow::TimeUnit::SECOND, &seconds,
                                              &instant.has_offset)) {
    return std::nullopt;
  }
  instant.nanos = static_cast<__int128>(seconds) * 1'000'000'000 + fraction;
  instant.is_date = text.size() == 10;
  return instant;
}

}  // namespace windrow::plan
