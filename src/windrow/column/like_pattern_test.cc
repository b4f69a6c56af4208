// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/like_pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace windrow::column {
namespace {

struct Case {
  std::string pattern;
  std::string text;
  bool matches;
};

TEST(LikePattern, FollowsSqlWithoutAnEscape) {
  const std::vector<Case> cases = {
      {"", "", true},
      {"", "a", false},
      {"%", "", true},
      {"%%", "", true},
      {"_", "", false},
      {"_", "a", true},
      {"_", "é", true},
      {"_", "😀", true},
      {"_", "ab", false},
      {"a%", "a", true},
      {"a%", "ba", false},
      {"%a", "ba", true},
      {"a%b", "ab", true},
      {"a%b", "a\nb", true},
      {"a_b", "a\nb", true},
      {"a%a", "a", false},
      {"%a%a%", "a", false},
      {"%a%a%", "xaxax", true},
      {"%ab", "aab", true},
      {"%_b", "b", false},
      {"%_b", "éb", true},
      {"_%_", "a", false},
      {"_%_", "ab", true},
      {"%__%", "é", false},
      {"%__%", "éé", true},
      {"a\\%", "a\\x", true},
      {"a\\%", "a%", false},
      {"\\_", "\\x", true},
      {"\\_", "_", false},
      {"A%", "a", false},
      {"openshift-%", "openshift-dns", true},
      {"%b_", "abc", true},
      {"%é_", "xéy", true},
      {"%aab", "aaab", true},
      {"%a_b%", "aaab", true},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(LikePattern(each.pattern).Matches(each.text), each.matches)
        << each.pattern << " on " << each.text;
  }
}

/// The definition, a character at a time.
bool Matches(std::u32string_view pattern, std::u32string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == U'%') {
    return Matches(pattern.substr(1), text) ||
           (!text.empty() && Matches(pattern, text.substr(1)));
  }
  if (text.empty() || (pattern[0] != U'_' && pattern[0] != text[0])) return false;
  return Matches(pattern.substr(1), text.substr(1));
}

TEST(LikePattern, AgreesWithTheDefinitionOnRandomTexts) {
  std::mt19937 random(7);
  const std::vector<std::pair<char32_t, std::string>> letters = {
      {U'a', "a"}, {U'b', "b"}, {U'é', "é"}, {U'%', "%"}, {U'_', "_"}};
  const auto draw = [&](size_t kinds, std::u32string* wide, std::string* utf8) {
    for (size_t n = random() % 7; n > 0; --n) {
      const auto& [code, bytes] = letters[random() % kinds];
      *wide += code;
      *utf8 += bytes;
    }
  };
  for (int i = 0; i < 20'000; ++i) {
    std::u32string wide_pattern, wide_text;
    std::string pattern, text;
    draw(5, &wide_pattern, &pattern);
    draw(3, &wide_text, &text);
    ASSERT_EQ(LikePattern(pattern).Matches(text), Matches(wide_pattern, wide_text))
        << pattern << " on " << text;
  }
}

}  // namespace
}  // namespace windrow::column
