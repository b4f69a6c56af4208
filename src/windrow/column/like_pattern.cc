// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/like_pattern.h"

namespace windrow::column {
namespace {

/// Bytes of the character at the front; 1 for a byte that starts none.
size_t CharacterBytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const size_t bytes = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(bytes, text.size());
}

}  // namespace

LikePattern::LikePattern(std::string_view pattern) {
  size_t start = 0;
  while (true) {
    const size_t end = std::min(pattern.find('%', start), pattern.size());
    Part part{std::string(pattern.substr(start, end - start))};
    part.has_any = part.text.find('_') != std::string::npos;
    parts_.push_back(std::move(part));
    if (end == pattern.size()) return;
    start = end + 1;
  }
}

/// Whether `text` starts so, and how many bytes of it that takes.
bool LikePattern::MatchesHere(const Part& part, std::string_view text, size_t* length) {
  if (!part.has_any) {
    *length = part.text.size();
    return text.starts_with(part.text);
  }
  size_t at = 0;
  for (const char c : part.text) {
    if (at == text.size() || (c != '_' && c != text[at])) return false;
    at += c == '_' ? CharacterBytes(text.substr(at)) : 1;
  }
  *length = at;
  return true;
}

/// The end of the first place where the part fits.
bool LikePattern::FindIn(const Part& part, std::string_view text, size_t* end) {
  if (!part.has_any) {
    const size_t found = text.find(part.text);
    *end = found + part.text.size();
    return found != std::string_view::npos;
  }
  for (size_t start = 0; start < text.size();
       start += CharacterBytes(text.substr(start))) {
    size_t length = 0;
    if (MatchesHere(part, text.substr(start), &length)) {
      *end = start + length;
      return true;
    }
  }
  return false;
}

/// Whether `text` ends so: the last characters, as many as the part has.
bool LikePattern::MatchesEnd(const Part& part, std::string_view text) {
  if (!part.has_any) return text.ends_with(part.text);
  size_t at = text.size();
  for (size_t i = part.text.size(); i-- > 0;) {
    if (at == 0) return false;
    --at;
    if (part.text[i] != '_') {
      if (text[at] != part.text[i]) return false;
      continue;
    }
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  }
  return true;
}

bool LikePattern::Matches(std::string_view text) const {
  size_t length = 0;
  if (!MatchesHere(parts_.front(), text, &length)) return false;
  if (parts_.size() == 1) return length == text.size();
  text.remove_prefix(length);
  for (size_t p = 1; p + 1 < parts_.size(); ++p) {
    if (!FindIn(parts_[p], text, &length)) return false;
    text.remove_prefix(length);
  }
  return MatchesEnd(parts_.back(), text);
}

}  // namespace windrow::column
