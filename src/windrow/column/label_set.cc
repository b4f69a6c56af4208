// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_set.h"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace windrow::column {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr size_t kShownBytesMax = 60;

/// The letter after the backslash, or 0 where \u00xx is needed.
char ShortEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

char OfShortEscape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

/// Reads a text in its one canonical form.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view text)
      : at_(text.data()), end_(text.data() + text.size()) {}

  bool Read(std::vector<Label>* labels) {
    if (!Take('{')) return false;
    if (Take('}')) return at_ == end_;
    do {
      Label label;
      if (!String(&label.key) || !Take(':')) return false;
      if (!labels->empty() && !LabelTextLess(labels->back().key, label.key)) return false;
      label.is_null = Take("null");
      if (!label.is_null && !String(&label.value)) return false;
      labels->push_back(label);
    } while (Take(','));
    return Take('}') && at_ == end_;
  }

 private:
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool Take(std::string_view word) {
    if (!std::string_view(at_, end_ - at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool String(std::string_view* content) {
    if (!Take('"')) return false;
    const char* start = at_;
    while (true) {
      at_ = FindJsonSpecial(at_, end_);
      if (at_ == end_) return false;
      if (*at_ == '"') {
        *content = {start, static_cast<size_t>(at_ - start)};
        ++at_;
        return true;
      }
      if (*at_ != '\\' || !Escape()) return false;
    }
  }

  bool Escape() {
    if (end_ - at_ < 2) return false;
    if (at_[1] != 'u') {
      const bool is_short =
          std::string_view("\"\\bfnrt").find(at_[1]) != std::string_view::npos;
      at_ += 2;
      return is_short;
    }
    if (end_ - at_ < 6 || std::string_view(at_, 4) != "\\u00") return false;
    const size_t high = kHex.find(at_[4]);
    const size_t low = kHex.find(at_[5]);
    if (high > 1 || low == std::string_view::npos) return false;
    at_ += 6;
    return ShortEscape(static_cast<char>(16 * high + low)) == '\0';
  }

  const char* at_;
  const char* end_;
};

}  // namespace

bool IsUtf8(std::string_view text) {
  static const bool is_ready = (arrow::util::InitializeUTF8(), true);
  return is_ready &&
         arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text.data()),
                                   static_cast<int64_t>(text.size()));
}

const char* FindJsonSpecial(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const auto zero_bytes = [](uint64_t word) { return (word - kOnes) & ~word; };
  for (; end - at >= 8; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    const uint64_t special =
        (zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\')) |
         ((word - kOnes * 0x20) & ~word)) &
        kHighs;
    // A borrow may mark bytes above the first that is special, never below it.
    if (special != 0) return at + std::countr_zero(special) / 8;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 32)
    ++at;
  return at;
}

Status ReadLabels(std::string_view text, std::vector<Label>* labels) {
  labels->clear();
  if (IsUtf8(text) && CanonicalReader(text).Read(labels)) return Status::OK();
  return DataError("found ", ShownText(text),
                   ", expected the text of a label set as labels(...) gives it");
}

void WriteLabels(std::span<const Label> labels, std::string* text) {
  char mark = '{';
  for (const Label& label : labels) {
    *text += mark;
    *text += '"';
    *text += label.key;
    *text += label.is_null ? "\":null" : "\":\"";
    if (!label.is_null) {
      *text += label.value;
      *text += '"';
    }
    mark = ',';
  }
  *text += labels.empty() ? "{}" : "}";
}

void MergeLabels(std::span<const Label> before, std::span<const Label> after,
                 std::vector<Label>* merged) {
  merged->clear();
  size_t i = 0;
  for (const Label& label : after) {
    while (i < before.size() && LabelTextLess(before[i].key, label.key)) {
      merged->push_back(before[i++]);
    }
    if (i < before.size() && before[i].key == label.key) ++i;
    merged->push_back(label);
  }
  merged->insert(merged->end(), before.begin() + static_cast<ptrdiff_t>(i), before.end());
}

void KeepLabels(std::span<const Label> labels, std::span<const std::string> keys,
                std::vector<Label>* kept) {
  kept->clear();
  size_t k = 0;
  for (const Label& label : labels) {
    while (k < keys.size() && LabelTextLess(keys[k], label.key)) ++k;
    if (k == keys.size()) return;
    if (keys[k] == label.key) kept->push_back(label);
  }
}

bool LabelTextLess(std::string_view a, std::string_view b) {
  // An escape matters only where the texts part: the longest has six characters.
  constexpr size_t kEscapeBytes = 6;
  const size_t shared =
      std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
  if (shared == b.size()) return false;
  if (shared == a.size()) return true;
  bool has_escape = a[shared] == '\\' || b[shared] == '\\';
  for (size_t i = shared - std::min(shared, kEscapeBytes - 1); i < shared; ++i) {
    has_escape |= a[i] == '\\';
  }
  if (!has_escape) {
    return static_cast<unsigned char>(a[shared]) < static_cast<unsigned char>(b[shared]);
  }
  std::string plain_a;
  std::string plain_b;
  UnescapeLabelText(a, &plain_a);
  UnescapeLabelText(b, &plain_b);
  return plain_a < plain_b;
}

void EscapeLabelText(std::string_view text, std::string* escaped) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const char* special = FindJsonSpecial(at, end);
    escaped->append(at, special);
    if (special == end) return;
    if (const char letter = ShortEscape(*special); letter != '\0') {
      *escaped += {'\\', letter};
    } else {
      const auto code = static_cast<unsigned char>(*special);
      *escaped += {'\\', 'u', '0', '0', kHex[code / 16], kHex[code % 16]};
    }
    at = special + 1;
  }
}

void UnescapeLabelText(std::string_view escaped, std::string* text) {
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\') {
      *text += escaped[i];
    } else if (escaped[++i] == 'u') {
      *text +=
          static_cast<char>(16 * kHex.find(escaped[i + 3]) + kHex.find(escaped[i + 4]));
      i += 4;
    } else {
      *text += OfShortEscape(escaped[i]);
    }
  }
}

std::string ShownText(std::string_view text) {
  const bool is_utf8 = IsUtf8(text);
  size_t size = std::min(text.size(), kShownBytesMax);
  const auto is_inside = [&](size_t i) {
    return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  while (is_utf8 && size > 0 && is_inside(size)) --size;
  std::string shown = "'";
  for (const char c : text.substr(0, size)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_printed = byte >= 32 && byte != 127 && (is_utf8 || byte < 128);
    shown += is_printed ? c : '?';
  }
  return shown + (size < text.size() ? "...'" : "'");
}

}  // namespace windrow::column
