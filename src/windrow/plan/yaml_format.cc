// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>

#include "windrow/plan/yaml_tree.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

constexpr size_t kLineWidth = 90;
/// Values of neighbouring entries start in one column when no key is longer.
constexpr size_t kAlignedKeyMax = 24;
/// Above this a YAML reader may take a key for something else (the limit is 1024), so it
/// is marked with '?'.
constexpr size_t kUnmarkedKeyMax = 512;

bool IsWordStart(unsigned char c) { return std::isalpha(c) || c == '_' || c == '/'; }
bool IsWordPart(unsigned char c) {
  return std::isalnum(c) || c == '_' || c == '/' || c == '.' || c == '-';
}

/// Whether any YAML reader takes `text` without quotes for text. Words that some version
/// of YAML reads as booleans or null are not.
bool IsPlainText(std::string_view text) {
  constexpr std::array<std::string_view, 9> kReserved = {
      "true", "false", "null", "yes", "no", "off", "y", "n", "nan"};
  if (text.empty() || !IsWordStart(text.front())) return false;
  if (!std::all_of(text.begin(), text.end(), IsWordPart)) return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end();
}

/// Line breaks outside ASCII that a YAML reader might fold, and the byte order mark.
size_t SpecialCharacterLength(std::string_view rest) {
  constexpr std::array<std::string_view, 4> kSpecial = {"\xC2\x85", "\xE2\x80\xA8",
                                                        "\xE2\x80\xA9", "\xEF\xBB\xBF"};
  for (std::string_view special : kSpecial) {
    if (rest.starts_with(special)) return special.size();
  }
  return 0;
}

std::string Escape(std::string_view special) {
  if (special == "\xC2\x85") return "\\u0085";
  if (special == "\xE2\x80\xA8") return "\\u2028";
  if (special == "\xE2\x80\xA9") return "\\u2029";
  return "\\uFEFF";
}

std::string Quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (const size_t length = SpecialCharacterLength(text.substr(i)); length > 0) {
      quoted += Escape(text.substr(i, length));
      i += length - 1;
    } else if (byte == '"' || byte == '\\') {
      quoted += {'\\', text[i]};
    } else if (byte == '\n') {
      quoted += "\\n";
    } else if (byte == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      quoted += text[i];
    }
  }
  return quoted + '"';
}

std::string FormatText(std::string_view text) {
  return IsPlainText(text) ? std::string(text) : Quote(text);
}

std::string FormatKey(std::string_view key) {
  std::string text = FormatText(key);
  return text.size() > kUnmarkedKeyMax ? "? " + text + " " : text;
}

std::string FormatFlow(const YamlNode& node);

std::string FormatScalar(const YamlNode& node) {
  return node.style == YamlNode::Style::kPlain ? node.text : FormatText(node.text);
}

std::string FormatFlow(const YamlNode& node) {
  if (node.kind == Kind::kNull) return "~";
  if (node.kind == Kind::kScalar) return FormatScalar(node);
  std::string text;
  for (const YamlNode& item : node.items) {
    if (!text.empty()) text += ", ";
    text += FormatFlow(item);
  }
  for (const YamlEntry& entry : node.entries) {
    if (!text.empty()) text += ", ";
    text += FormatKey(entry.key.value) + ": " + FormatFlow(entry.value);
  }
  return node.kind == Kind::kSequence ? "[" + text + "]" : "{" + text + "}";
}

bool IsContainer(const YamlNode& node) {
  return !node.items.empty() || !node.entries.empty();
}

bool IsScalarList(const YamlNode& node) {
  return !node.items.empty() &&
         std::all_of(node.items.begin(), node.items.end(),
                     [](const YamlNode& item) { return item.kind == Kind::kScalar; });
}

/// A list of scalars in flow style over several lines.
std::string WrapList(const YamlNode& list, size_t indent) {
  std::string text = "[";
  size_t line_width = kLineWidth;
  for (size_t i = 0; i < list.items.size(); ++i) {
    const std::string item = FormatScalar(list.items[i]);
    const bool is_last = i + 1 == list.items.size();
    if (line_width + item.size() + 2 > kLineWidth) {
      text += '\n' + std::string(indent, ' ');
      line_width = indent;
    } else {
      text += ' ';
      ++line_width;
    }
    text += item + (is_last ? "]" : ",");
    line_width += item.size() + 1;
  }
  return text;
}

std::string FormatBlock(const YamlNode& node, size_t indent, bool children_are_blocks);

/// Appends the value of a key or a list item: on the same line, or as a block below.
void AppendValue(const YamlNode& value, size_t column, size_t indent, bool is_block,
                 std::string& text) {
  const std::string flow = FormatFlow(value);
  const bool fits = column + 1 + flow.size() <= kLineWidth;
  if (!IsContainer(value) || (fits && !is_block)) {
    text += ' ' + flow + '\n';
  } else if (IsScalarList(value) && !is_block) {
    text += ' ' + WrapList(value, indent + 2) + '\n';
  } else {
    text += '\n' + FormatBlock(value, indent + 2, false);
  }
}

/// The width to which keys are padded, or 0. Only rows of short maps line up.
size_t AlignedKeyWidth(const YamlNode& map, size_t indent) {
  size_t widest_key = 0;
  for (const YamlEntry& entry : map.entries) {
    widest_key = std::max(widest_key, FormatKey(entry.key.value).size());
  }
  if (widest_key > kAlignedKeyMax) return 0;
  for (const YamlEntry& entry : map.entries) {
    const size_t width = indent + widest_key + 2 + FormatFlow(entry.value).size();
    if (entry.value.kind != Kind::kMap || width > kLineWidth) return 0;
  }
  return widest_key;
}

std::string FormatBlock(const YamlNode& node, size_t indent, bool children_are_blocks) {
  std::string text;
  for (const YamlNode& item : node.items) {
    const std::string flow = FormatFlow(item);
    std::string lines = std::string(indent + 2, ' ') + flow + '\n';
    if (IsContainer(item) && lines.size() > kLineWidth) {
      lines = FormatBlock(item, indent + 2, false);
    }
    lines[indent] = '-';
    text += lines;
  }
  const size_t key_width = AlignedKeyWidth(node, indent);
  for (const YamlEntry& entry : node.entries) {
    std::string key = FormatKey(entry.key.value);
    const size_t padding = key.size() < key_width ? key_width - key.size() : 0;
    if (key.front() == '?') key += '\n' + std::string(indent, ' ');
    text += std::string(indent, ' ') + key + ':' + std::string(padding, ' ');
    AppendValue(entry.value, indent + key.size() + 1 + padding, indent,
                children_are_blocks && IsContainer(entry.value), text);
  }
  return text;
}

}  // namespace

std::string FormatYaml(const YamlNode& root) { return FormatBlock(root, 0, true); }

}  // namespace windrow::plan
