// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::flight {

/// A key that a JSON object may have, and where its value goes: a text, a whole number
/// that is not negative, or a list of texts.
struct JsonField {
  std::string_view key;
  std::variant<std::string*, int64_t*, std::optional<int64_t>*,
               std::optional<std::vector<std::string>>*>
      to;
  bool is_required = false;
};

/// Most texts in a list.
inline constexpr size_t kListTextsMax = 100'000;

/// Reads a JSON object that has only these keys, each once at most, and values of these
/// types. UserError says what is wrong, and of an unknown key which one is near. Uses no
/// more memory than a few times that of `text`. Safe on any bytes.
Status ReadFlatJson(std::string_view text, const std::vector<JsonField>& fields);

/// What keeps `text` from being a text of a request ("a text with a NUL"); null: nothing.
const char* FaultOfText(std::string_view text);

/// Some text from outside as part of a message: quoted, on one line and not long.
std::string Shown(std::string_view text);

}  // namespace windrow::flight
