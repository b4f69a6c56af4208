// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace windrow::plan {

// How tightly operators bind; higher is tighter. Comparisons do not chain.
inline constexpr int kOrLevel = 1;
inline constexpr int kAndLevel = 2;
inline constexpr int kNotLevel = 3;
inline constexpr int kCompareLevel = 4;
inline constexpr int kConcatLevel = 5;
inline constexpr int kAddLevel = 6;
inline constexpr int kMultiplyLevel = 7;
inline constexpr int kNegateLevel = 8;
inline constexpr int kCastLevel = 9;
inline constexpr int kPrimaryLevel = 10;

/// The level of the operator named `name` in an Expr; kPrimaryLevel for a function.
constexpr int LevelOfOperator(std::string_view name) {
  if (name == "or") return kOrLevel;
  if (name == "and") return kAndLevel;
  if (name == "not") return kNotLevel;
  if (name == "=" || name == "<>" || name == "<" || name == "<=" || name == ">" ||
      name == ">=" || name == "is null" || name == "in" || name == "between" ||
      name == "like") {
    return kCompareLevel;
  }
  if (name == "||") return kConcatLevel;
  if (name == "+" || name == "-") return kAddLevel;
  if (name == "*" || name == "/" || name == "//" || name == "%") return kMultiplyLevel;
  if (name == "unary -") return kNegateLevel;
  return kPrimaryLevel;
}

}  // namespace windrow::plan
