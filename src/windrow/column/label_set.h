// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"

// A label set maps texts to texts or nulls. In a column it is its canonical text: a JSON
// object without spaces, keys ascending by their UTF-8 bytes, each once, with the escapes
// JSON demands and no others (\" \\ \b \f \n \r \t, else \u00xx in lower case). So equal
// sets have equal texts. A null row is no set at all, which is not the empty one.
namespace windrow::column {

/// One entry of a set. Key and value are contents of JSON strings, escaped as above,
/// without their quotes. Borrowed.
struct Label {
  std::string_view key;
  std::string_view value;
  bool is_null = false;
  bool operator==(const Label&) const = default;
};

/// Replaces `labels` by the entries of a canonical text, which they borrow. DataError
/// when it is no canonical text.
Status ReadLabels(std::string_view text, std::vector<Label>* labels);

/// Appends the canonical text of `labels`, whose keys ascend.
void WriteLabels(std::span<const Label> labels, std::string* text);

/// The entries of both; where both have a key, that of `after`.
void MergeLabels(std::span<const Label> before, std::span<const Label> after,
                 std::vector<Label>* merged);

/// The entries whose key is one of `keys`, which ascend and are escaped.
void KeepLabels(std::span<const Label> labels, std::span<const std::string> keys,
                std::vector<Label>* kept);

/// The order of keys: that of the bytes their escapes stand for.
bool LabelTextLess(std::string_view a, std::string_view b);

/// Appends UTF-8 text as the content of a JSON string, and back.
void EscapeLabelText(std::string_view text, std::string* escaped);
void UnescapeLabelText(std::string_view escaped, std::string* text);

/// The first of " \ and control characters in [at, end), else `end`: where the content
/// of a JSON string needs a closer look.
const char* FindJsonSpecial(const char* at, const char* end);

bool IsUtf8(std::string_view text);

/// `text` in quotes for a message, on one line and cut to some 60 characters.
std::string ShownText(std::string_view text);

}  // namespace windrow::column
