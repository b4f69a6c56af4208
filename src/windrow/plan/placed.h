// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace windrow::plan {

/// Where in the job document something stands: line and column in characters, from 1.
/// Line 0 is "nowhere": the value was made by a program.
struct Place {
  int line = 0;
  int column = 0;
  auto operator<=>(const Place&) const = default;
};

/// "job.yaml:4:12"; only the document's name when `place` is nowhere.
std::string FormatPlace(std::string_view document_name, Place place);

/// A value and where it was written, for errors found after reading. Two are equal when
/// their values are, so specs compare by meaning. Made from a bare value by programs.
template <typename T>
struct Placed {
  T value{};
  Place place;

  Placed() = default;
  template <typename U>
    requires std::convertible_to<U, T>
  Placed(U&& bare, Place at = {}) : value(std::forward<U>(bare)), place(at) {}
  friend bool operator==(const Placed& a, const Placed& b) { return a.value == b.value; }
};

/// UTF-8.
using PlacedText = Placed<std::string>;

}  // namespace windrow::plan
