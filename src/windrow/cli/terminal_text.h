// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace windrow::cli {

/// Whether text may have colours: `file` (1 stdout, 2 stderr) is a terminal that has
/// them, and NO_COLOR is not set (https://no-color.org).
bool MayColour(int file);

/// "windrow: " before a message of what went wrong.
std::string ErrorPrefix(bool has_colours);

/// The tree of explain with the steps' kinds bold and what is in brackets faint.
std::string ColourTree(std::string_view text);

}  // namespace windrow::cli
