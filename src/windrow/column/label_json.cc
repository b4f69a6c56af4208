// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_json.h"

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace windrow::column {
namespace {

constexpr std::string_view kExpected =
    ", expected a JSON object of texts, numbers, booleans and nulls";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHighSurrogate(unsigned code) { return code >= 0xD800 && code <= 0xDBFF; }
bool IsLowSurrogate(unsigned code) { return code >= 0xDC00 && code <= 0xDFFF; }

void AppendUtf8(unsigned code, std::string* text) {
  const auto put = [&](unsigned byte) { *text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

/// The nearest double; infinite when it is too large.
double ReadDouble(std::string_view number) {
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec == std::errc()) return value;
  // Out of range, either way: from_chars does not say which.
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(std::string(number).c_str(), nullptr, plain);
}

template <typename Float>
std::string ScientificText(Float value) {
  if (std::isnan(value)) return "NaN";
  const std::string sign = std::signbit(value) ? "-" : "";
  if (std::isinf(value)) return sign + "Infinity";
  if (value == 0) return sign + "0E0";
  char buffer[32];
  const char* end = std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value),
                                  std::chars_format::scientific)
                        .ptr;
  const std::string_view text(buffer, end - buffer);
  const size_t mark = text.find('e');
  std::string digits(text.substr(0, mark));
  if (digits.size() == 1) digits += ".0";
  const char* exponent = buffer + mark + 1;
  if (*exponent == '+') ++exponent;
  int power = 0;
  std::from_chars(exponent, end, power);
  return sign + digits + "E" + std::to_string(power);
}

std::string Without(std::string_view text, std::string_view part) {
  std::string kept;
  size_t start = 0;
  for (size_t found = text.find(part); found != std::string_view::npos;
       found = text.find(part, start)) {
    kept += text.substr(start, found - start);
    start = found + part.size();
  }
  return kept += text.substr(start);
}

}  // namespace

std::string DoubleText(double value) { return ScientificText(value); }
std::string FloatText(float value) { return ScientificText(value); }

Status LabelParser::Wrong(std::string_view what) const {
  return DataError("found ", ShownText(text_), ", ", what, kExpected);
}

std::string_view LabelParser::Keep(std::string text) {
  return kept_.emplace_back(std::move(text));
}

void LabelParser::SkipSpace() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r'))
    ++at_;
}

bool LabelParser::Take(char c) {
  SkipSpace();
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

Result<bool> LabelParser::ReadJson(std::string_view text) {
  text_ = text;
  at_ = text.data();
  end_ = at_ + text.size();
  labels_.clear();
  kept_.clear();
  if (!IsUtf8(text)) return Wrong("which is not UTF-8");
  ARROW_ASSIGN_OR_RAISE(const bool is_set, Document());
  SkipSpace();
  if (at_ != end_) return Wrong("with text after its end");
  ARROW_RETURN_NOT_OK(Sort());
  return is_set;
}

Result<bool> LabelParser::Document() {
  SkipSpace();
  if (at_ == end_) return Wrong("which is empty");
  if (std::string_view(at_, end_ - at_).starts_with("null")) {
    at_ += 4;
    return false;
  }
  if (!Take('{')) return Wrong("which is no object");
  if (Take('}')) return true;
  do {
    ARROW_RETURN_NOT_OK(Entry());
  } while (Take(','));
  if (!Take('}')) return Wrong("which is not JSON");
  return true;
}

Status LabelParser::Entry() {
  Label label;
  ARROW_ASSIGN_OR_RAISE(label.key, String());
  if (!Take(':')) return Wrong("which is not JSON");
  SkipSpace();
  ARROW_RETURN_NOT_OK(Value(&label));
  labels_.push_back(label);
  return Status::OK();
}

Status LabelParser::Value(Label* label) {
  const std::string_view rest(at_, end_ - at_);
  if (rest.starts_with('"')) return String().Value(&label->value);
  for (const std::string_view word : {"true", "false", "null"}) {
    if (!rest.starts_with(word)) continue;
    label->is_null = word == "null";
    if (!label->is_null) label->value = rest.substr(0, word.size());
    at_ += word.size();
    return Status::OK();
  }
  if (rest.starts_with('[') || rest.starts_with('{')) {
    return Wrong("with an array or object as a value");
  }
  return Number().Value(&label->value);
}

Result<std::string_view> LabelParser::String() {
  if (!Take('"')) return Wrong("which is not JSON");
  const char* start = at_;
  at_ = FindJsonSpecial(at_, end_);
  if (at_ != end_ && *at_ == '"') {
    // Nothing in it needs an escape, so it is its own canonical form.
    return std::string_view(start, at_++ - start);
  }
  return DecodedString(start);
}

Result<std::string_view> LabelParser::DecodedString(const char* start) {
  std::string decoded(start, at_);
  while (at_ != end_ && *at_ != '"') {
    if (*at_ != '\\') return Wrong("which is not JSON");
    ARROW_RETURN_NOT_OK(DecodeEscape(&decoded));
    const char* plain = at_;
    at_ = FindJsonSpecial(at_, end_);
    decoded.append(plain, at_);
  }
  if (at_ == end_) return Wrong("which is not JSON");
  ++at_;
  std::string escaped;
  EscapeLabelText(decoded, &escaped);
  return Keep(std::move(escaped));
}

bool LabelParser::HexDigits(const char* at, unsigned* code) const {
  if (end_ - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
  const auto read = std::from_chars(at + 2, at + 6, *code, 16);
  return read.ec == std::errc() && read.ptr == at + 6;
}

/// Takes the escape at `at_`.
Status LabelParser::DecodeEscape(std::string* decoded) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (end_ - at_ < 2) return Wrong("which is not JSON");
  if (at_[1] != 'u') {
    const size_t letter = kLetters.find(at_[1]);
    if (letter == std::string_view::npos) return Wrong("which is not JSON");
    *decoded += kMeanings[letter];
    at_ += 2;
    return Status::OK();
  }
  unsigned code = 0;
  if (!HexDigits(at_, &code)) return Wrong("which is not JSON");
  at_ += 6;
  unsigned low = 0;
  if (IsHighSurrogate(code) && HexDigits(at_, &low) && IsLowSurrogate(low)) {
    at_ += 6;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (IsHighSurrogate(code) || IsLowSurrogate(code)) {
    code = '?';
  }
  AppendUtf8(code, decoded);
  return Status::OK();
}

bool LabelParser::TakeDigits() {
  const char* start = at_;
  while (at_ != end_ && IsDigit(*at_)) ++at_;
  return at_ != start;
}

Result<std::string_view> LabelParser::Number() {
  const char* start = at_;
  const auto is_at = [&](std::string_view any) {
    return at_ != end_ && any.find(*at_) != std::string_view::npos;
  };
  if (is_at("-")) ++at_;
  const bool starts_with_zero = is_at("0");
  bool is_number =
      TakeDigits() && !(starts_with_zero && at_ - start > 1 + (*start == '-'));
  bool is_integer = true;
  if (is_number && is_at(".")) {
    ++at_;
    is_integer = false;
    is_number = TakeDigits();
  }
  if (is_number && is_at("eE")) {
    ++at_;
    if (is_at("+-")) ++at_;
    is_integer = false;
    is_number = TakeDigits();
  }
  if (!is_number) return Wrong("which is not JSON");
  const std::string_view number(start, at_ - start);
  if (is_integer) return number;
  return Keep(DoubleText(ReadDouble(number)));
}

Status LabelParser::Sort() {
  const auto less = [](const Label& a, const Label& b) {
    return LabelTextLess(a.key, b.key);
  };
  if (!std::is_sorted(labels_.begin(), labels_.end(), less)) {
    std::sort(labels_.begin(), labels_.end(), less);
  }
  const auto twice =
      std::adjacent_find(labels_.begin(), labels_.end(),
                         [](const Label& a, const Label& b) { return a.key == b.key; });
  if (twice == labels_.end()) return Status::OK();
  return Wrong("with the key " + ShownText(twice->key) + " twice");
}

Status LabelParser::ReadPipes(std::string_view text) {
  if (text.starts_with('{')) return ReadJson(text).status();
  text_ = text;
  labels_.clear();
  kept_.clear();
  if (!IsUtf8(text)) {
    return DataError("found ", ShownText(text),
                     ", which is not UTF-8, expected KEY:VALUE|KEY:VALUE");
  }
  const auto escaped = [&](std::string_view plain) {
    std::string kept;
    EscapeLabelText(plain, &kept);
    return Keep(std::move(kept));
  };
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('|', start), text.size());
    const std::string_view part = text.substr(start, end - start);
    start = end + 1;
    const size_t colon = part.find(':');
    if (colon == std::string_view::npos || part.find(':', colon + 1) != part.npos) {
      continue;
    }
    const std::string_view key = escaped(Without(part.substr(0, colon), "label_"));
    labels_.push_back({key, escaped(part.substr(colon + 1)), false});
  }
  std::stable_sort(labels_.begin(), labels_.end(), [](const Label& a, const Label& b) {
    return LabelTextLess(a.key, b.key);
  });
  const auto last =
      std::unique(labels_.rbegin(), labels_.rend(),
                  [](const Label& a, const Label& b) { return a.key == b.key; });
  labels_.erase(labels_.begin(), last.base());
  return Status::OK();
}

}  // namespace windrow::column
