// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windrow {

/// The candidate closest to `name` by edit distance (ASCII case ignored), or "" when none
/// is close enough to be a likely misspelling (more than a third of the letters differ).
std::string NearName(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'X'?" for an error message, or "" when there is no near name.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace windrow
