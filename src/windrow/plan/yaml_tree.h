// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

struct YamlEntry;

/// A value of a YAML document with its place. Map entries keep their order and may repeat
/// a key.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  /// How a scalar was written, which says what it may mean: plain text that looks like a
  /// number or a boolean is one, quoted text never is, and text filled in from a variable
  /// is whatever is expected at its place.
  enum class Style { kPlain, kQuoted, kFilled };

  Kind kind = Kind::kNull;
  Place place;
  Style style = Style::kPlain;
  std::string text;                ///< of a scalar, UTF-8
  std::vector<YamlNode> items;     ///< of a sequence
  std::vector<YamlEntry> entries;  ///< of a map
};

struct YamlEntry {
  PlacedText key;
  YamlNode value;
};

/// Reads one YAML document (JSON is a subset). Refuses what a job has no use for and what
/// makes YAML dangerous to read: aliases, tags, several documents, keys that are not
/// text, nesting deeper than 32, texts over 4 MiB. Returns nothing after a syntax error;
/// every problem is added to `problems`.
std::optional<YamlNode> ParseYaml(std::string_view text, ProblemList& problems);

/// Replaces ${name} in scalar values by the variable's text and $$ by a dollar. Text that
/// comes from a variable is not looked at again. Unknown variables are problems.
void FillVariables(const std::map<std::string, std::string>& variables, YamlNode& node,
                   ProblemList& problems);

/// `text` such that FillVariables gives it back.
std::string EscapeDollars(std::string_view text);

/// Writes a tree so that ParseYaml gives it back. Maps and lists that fit a line are in
/// flow style, the others and the top two levels are blocks. Dollars are not escaped.
std::string FormatYaml(const YamlNode& root);

}  // namespace windrow::plan
