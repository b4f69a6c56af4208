// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/yaml_fields.h"

#include <algorithm>
#include <charconv>

#include "windrow/base/near_name.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;
using Style = YamlNode::Style;

/// Longer text is cut in messages.
constexpr size_t kShownBytesMax = 60;

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytesMax) return std::string(text);
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

bool LooksLikeBool(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "false" ||
         text == "False" || text == "FALSE";
}

bool LooksLikeNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars also reads words such as "inf" and "nan", which are text here.
  if (text.find_first_of("0123456789") == std::string_view::npos) return false;
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec != std::errc::invalid_argument && read.ptr == end;
}

/// Text that was not meant as a number or a boolean.
bool IsText(const YamlNode& node) {
  if (node.kind != Kind::kScalar) return false;
  return node.style != Style::kPlain ||
         !(LooksLikeBool(node.text) || LooksLikeNumber(node.text));
}

PlacedText ReadScalar(const YamlNode& node, std::string_view what,
                      std::string_view expected, bool is_read, ProblemList& problems) {
  if (is_read) return {node.text, node.place};
  const bool is_scalar = node.kind == Kind::kScalar && !node.text.empty();
  problems.Add(node.place, "found ", Describe(node), " for '", what, "'; expected ",
               expected, is_scalar ? " (in quotes if it is meant as text)" : "");
  return {"", node.place};
}

}  // namespace

std::string Describe(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
    case Kind::kScalar:
      break;
  }
  if (node.text.empty()) return "empty text";
  if (node.style == Style::kPlain && LooksLikeBool(node.text))
    return "the boolean " + node.text;
  if (node.style == Style::kPlain && LooksLikeNumber(node.text)) {
    return "the number " + Shown(node.text);
  }
  return "the text '" + Shown(node.text) + "'";
}

std::string AnyOf(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

PlacedText ReadText(const YamlNode& node, std::string_view what,
                    std::string_view expected, ProblemList& problems) {
  return ReadScalar(node, what, expected, IsText(node) && !node.text.empty(), problems);
}

PlacedText ReadAnyText(const YamlNode& node, std::string_view what,
                       std::string_view expected, ProblemList& problems) {
  return ReadScalar(node, what, expected, IsText(node), problems);
}

PlacedText ReadColumnName(const YamlNode& node, std::string_view what,
                          ProblemList& problems) {
  return ReadAnyText(node, what, "the name of a column", problems);
}

PlacedText ReadExpression(const YamlNode& node, std::string_view what,
                          ProblemList& problems) {
  const bool is_read = node.kind == Kind::kScalar && !node.text.empty();
  return ReadScalar(node, what, "an expression", is_read, problems);
}

Placed<int64_t> ReadInteger(const YamlNode& node, std::string_view what,
                            ProblemList& problems) {
  if (node.kind == Kind::kScalar && node.style != Style::kQuoted) {
    const char* end = node.text.data() + node.text.size();
    int64_t number = 0;
    const auto read = std::from_chars(node.text.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return {number, node.place};
  }
  problems.Add(node.place, "found ", Describe(node), " for '", what,
               "'; expected a whole number");
  return {1, node.place};
}

Placed<double> ReadNumber(const YamlNode& node, std::string_view what,
                          ProblemList& problems) {
  if (node.kind == Kind::kScalar && node.style != Style::kQuoted &&
      LooksLikeNumber(node.text)) {
    const char* end = node.text.data() + node.text.size();
    double number = 0;
    const auto read = std::from_chars(node.text.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return {number, node.place};
  }
  problems.Add(node.place, "found ", Describe(node), " for '", what,
               "'; expected a number");
  return {1, node.place};
}

bool ReadBool(const YamlNode& node, std::string_view what, ProblemList& problems) {
  if (node.kind == Kind::kScalar && node.style != Style::kQuoted &&
      LooksLikeBool(node.text)) {
    return node.text.front() == 't' || node.text.front() == 'T';
  }
  problems.Add(node.place, "found ", Describe(node), " for '", what,
               "'; expected true or false");
  return false;
}

std::optional<size_t> ReadChoiceIndex(const YamlNode& node, std::string_view what,
                                      const std::vector<std::string>& names,
                                      ProblemList& problems) {
  if (node.kind == Kind::kScalar) {
    const auto found = std::find(names.begin(), names.end(), node.text);
    if (found != names.end()) return found - names.begin();
  }
  problems.Add(node.place, "found ", Describe(node), " for '", what, "'; expected ",
               AnyOf(names), DidYouMean(node.text, names));
  return std::nullopt;
}

Fields::Fields(const YamlNode& map, std::string owner, ProblemList& problems)
    : map_(map), owner_(std::move(owner)), problems_(problems) {
  std::map<std::string_view, Place> seen;
  for (const YamlEntry& entry : map.entries) {
    const auto [first, is_new] = seen.emplace(entry.key.value, entry.key.place);
    if (is_new) continue;
    problems.Add(entry.key.place, "found the key '", Shown(entry.key.value),
                 "' twice (first in line ", first->second.line, "); expected it once");
  }
}

void Fields::AllowOnly(const std::vector<std::string>& known) const {
  for (const YamlEntry& entry : map_.entries) {
    const std::string& key = entry.key.value;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems_.Add(entry.key.place, "found the unknown key '", Shown(key), "' in ", owner_,
                  "; expected ", AnyOf(known), DidYouMean(key, known));
  }
}

const YamlNode* Fields::Find(std::string_view key) const {
  for (const YamlEntry& entry : map_.entries) {
    if (entry.key.value == key) return &entry.value;
  }
  return nullptr;
}

const YamlNode* Fields::Require(std::string_view key, std::string_view expected) const {
  const YamlNode* value = Find(key);
  if (value == nullptr) {
    problems_.Add(map_.place, "found no '", key, "' in ", owner_, "; expected ",
                  expected);
  }
  return value;
}

bool ExpectMap(const YamlNode& node, std::string_view owner, std::string_view expected,
               ProblemList& problems) {
  if (node.kind == Kind::kMap) return true;
  problems.Add(node.place, "found ", Describe(node), " for ", owner, "; expected ",
               expected);
  return false;
}

}  // namespace windrow::plan
