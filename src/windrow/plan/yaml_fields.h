// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/plan/problem_list.h"
#include "windrow/plan/yaml_tree.h"

namespace windrow::plan {

/// "the number 5", "the text 'x'", "a list": what a reader found.
std::string Describe(const YamlNode& node);

/// "a, b or c".
std::string AnyOf(const std::vector<std::string>& names);

// Each reads a scalar meant for `what` ("limit"). Anything else is a problem, and the
// result then is empty text, zero or false.

/// Text that is not empty. `expected` says what kind of text: "an expression".
PlacedText ReadText(const YamlNode& node, std::string_view what,
                    std::string_view expected, ProblemList& problems);
/// Text, which may be empty.
PlacedText ReadAnyText(const YamlNode& node, std::string_view what,
                       std::string_view expected, ProblemList& problems);
/// The name of a column, which may be empty.
PlacedText ReadColumnName(const YamlNode& node, std::string_view what,
                          ProblemList& problems);
/// An SQL expression. A number or a boolean is one too.
PlacedText ReadExpression(const YamlNode& node, std::string_view what,
                          ProblemList& problems);
Placed<int64_t> ReadInteger(const YamlNode& node, std::string_view what,
                            ProblemList& problems);
/// A finite number.
Placed<double> ReadNumber(const YamlNode& node, std::string_view what,
                          ProblemList& problems);
bool ReadBool(const YamlNode& node, std::string_view what, ProblemList& problems);

/// One of `choices`, or nothing after a problem.
template <typename Enum>
using Choices = std::initializer_list<std::pair<std::string_view, Enum>>;
std::optional<size_t> ReadChoiceIndex(const YamlNode& node, std::string_view what,
                                      const std::vector<std::string>& names,
                                      ProblemList& problems);
template <typename Enum>
std::optional<Enum> ReadChoice(const YamlNode& node, std::string_view what,
                               Choices<Enum> choices, ProblemList& problems) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.emplace_back(name);
  const auto index = ReadChoiceIndex(node, what, names, problems);
  if (!index.has_value()) return std::nullopt;
  return (choices.begin() + *index)->second;
}

/// A map of the document whose keys have meanings. Borrows the node and the list.
class Fields {
 public:
  /// `owner` names the map in messages: "step 'kept'". Reports keys that come twice.
  Fields(const YamlNode& map, std::string owner, ProblemList& problems);

  /// Reports every key that is not in `known`.
  void AllowOnly(const std::vector<std::string>& known) const;

  /// The value of `key`, or null. With several of them, the first.
  const YamlNode* Find(std::string_view key) const;

  /// Like Find, and a missing key is a problem.
  const YamlNode* Require(std::string_view key, std::string_view expected) const;

  Place place() const { return map_.place; }
  const std::string& owner() const { return owner_; }

 private:
  const YamlNode& map_;
  std::string owner_;
  ProblemList& problems_;
};

/// Whether `node` is a map; if not, a problem.
bool ExpectMap(const YamlNode& node, std::string_view owner, std::string_view expected,
               ProblemList& problems);

}  // namespace windrow::plan
