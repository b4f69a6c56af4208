// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::plan {

/// The problems of a job document, gathered so that all are reported at once.
/// Single-threaded.
class ProblemList {
 public:
  /// `words` say what was found; what was expected.
  template <typename... Words>
  void Add(Place place, Words&&... words) {
    problems_.push_back({place, internal::Words(std::forward<Words>(words)...)});
  }

  bool empty() const { return problems_.empty(); }

  /// Ok when empty. Otherwise a user error with one line per problem, sorted by place,
  /// each "DOCUMENT:LINE:COLUMN: problem"; equal lines come once.
  Status ToStatus(std::string_view document_name) const;

 private:
  struct Problem {
    Place place;
    std::string text;
  };
  std::vector<Problem> problems_;
};

}  // namespace windrow::plan
