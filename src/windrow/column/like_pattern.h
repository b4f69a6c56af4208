// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windrow::column {

/// A pattern of SQL's LIKE: '%' stands for any text, '_' for one character (a code
/// point), everything else for itself. No character is an escape, and line breaks are
/// characters like others. Immutable and thread-safe.
class LikePattern {
 public:
  explicit LikePattern(std::string_view pattern);

  /// Whether it fits the whole of `text`, UTF-8.
  bool Matches(std::string_view text) const;

 private:
  /// What stands between two '%'.
  struct Part {
    std::string text;
    bool has_any = false;  ///< holds a '_'
  };

  static bool MatchesHere(const Part& part, std::string_view text, size_t* length);
  static bool FindIn(const Part& part, std::string_view text, size_t* end);
  static bool MatchesEnd(const Part& part, std::string_view text);

  std::vector<Part> parts_;  ///< at least one; with one, there is no '%'
};

}  // namespace windrow::column
