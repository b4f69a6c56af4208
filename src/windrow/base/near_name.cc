// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/near_name.h"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace windrow {
namespace {

/// Levenshtein distance with one row of state.
size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= left.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      const bool same = std::tolower(static_cast<unsigned char>(left[i - 1])) ==
                        std::tolower(static_cast<unsigned char>(right[j - 1]));
      const size_t replace = diagonal + (same ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[right.size()];
}

}  // namespace

std::string NearName(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  // Two edits cover a swap of neighbours, the commonest slip.
  size_t best_distance = std::max<size_t>(name.size() < 4 ? 1 : 2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = &candidate;
    }
  }
  return best == nullptr ? "" : *best;
}

std::string DidYouMean(std::string_view name,
                       const std::vector<std::string>& candidates) {
  const std::string near = NearName(name, candidates);
  return near.empty() ? "" : "; did you mean '" + near + "'?";
}

}  // namespace windrow
