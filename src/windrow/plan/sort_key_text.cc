// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/sort_key_text.h"

#include <algorithm>
#include <cctype>

namespace windrow::plan {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

void SkipSpaces(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
}

std::string_view TakeWord(std::string_view& rest) {
  SkipSpaces(rest);
  const std::string_view word = rest.substr(0, rest.find_first_of(kSpaces));
  rest.remove_prefix(word.size());
  SkipSpaces(rest);
  return word;
}

std::string Lower(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower;
}

/// Takes a name in double quotes off the front; false when it does not end.
bool TakeQuoted(std::string_view& rest, std::string& name) {
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      name += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      name += rest[i++];
    } else {
      rest.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

template <typename... Words>
Status WrongForm(std::string_view text, const Words&... found) {
  return UserError("found ", found..., " in the sort key '", text, "'; expected ",
                   kSortKeyForm);
}

}  // namespace

Result<SortKey> ParseSortKey(std::string_view text) {
  SortKey key;
  std::string_view rest = text;
  SkipSpaces(rest);
  if (rest.starts_with('"')) {
    if (!TakeQuoted(rest, key.column.value))
      return WrongForm(text, "a quote that does not end");
  } else {
    key.column.value = TakeWord(rest);
    if (key.column.value.empty()) return WrongForm(text, "no column");
  }
  SkipSpaces(rest);
  bool has_direction = false;
  while (!rest.empty()) {
    const std::string_view written = TakeWord(rest);
    const std::string word = Lower(written);
    if (!has_direction && (word == "asc" || word == "desc")) {
      key.descending = word == "desc";
      has_direction = true;
      continue;
    }
    const std::string side = word == "nulls" ? Lower(TakeWord(rest)) : "";
    if (side != "first" && side != "last") {
      return WrongForm(text, "'", written, "'");
    }
    key.nulls_first = side == "first";
    if (!rest.empty()) return WrongForm(text, "'", TakeWord(rest), "'");
  }
  return key;
}

bool IsBareSortColumn(std::string_view name) {
  return !name.empty() && !name.starts_with('"') &&
         name.find_first_of(kSpaces) == std::string_view::npos;
}

std::string FormatSortKey(const SortKey& key) {
  const std::string& column = key.column.value;
  std::string text;
  if (IsBareSortColumn(column)) {
    text = column;
  } else {
    text = '"';
    for (const char c : column) text += c == '"' ? std::string(2, c) : std::string(1, c);
    text += '"';
  }
  if (key.descending) text += " desc";
  if (key.nulls_first) text += " nulls first";
  return text;
}

}  // namespace windrow::plan
