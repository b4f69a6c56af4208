// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/problem_list.h"

#include <algorithm>
#include <set>

namespace windrow::plan {

Status ProblemList::ToStatus(std::string_view document_name) const {
  if (problems_.empty()) return Status::OK();
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Problem& a, const Problem& b) { return a.place < b.place; });
  std::set<std::string> seen;
  std::string message;
  for (const Problem& problem : sorted) {
    std::string line = FormatPlace(document_name, problem.place) + ": " + problem.text;
    if (!seen.insert(line).second) continue;
    if (!message.empty()) message += '\n';
    message += line;
  }
  return UserError(message);
}

}  // namespace windrow::plan
