// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "windrow/plan/job_spec.h"

namespace windrow::plan {

/// Appends steps to a job one after the other, each reading the one before.
class StepChain {
 public:
  /// `job` outlives this object; the first step reads `from`.
  StepChain(JobSpec* job, std::string from) : job_(job), last_(std::move(from)) {}

  template <typename Spec>
  void Add(const std::string& name, Spec spec) {
    spec.from = last_;
    Append(name, std::move(spec));
  }
  /// Joins with what was last, as the right side.
  void AddJoin(const std::string& name, JoinSpec join) {
    join.right = last_;
    Append(name, std::move(join));
  }

  /// The step, or source, that the next one reads.
  const std::string& last() const { return last_; }

 private:
  template <typename Spec>
  void Append(const std::string& name, Spec spec) {
    job_->steps.push_back({name, std::move(spec)});
    last_ = name;
  }

  JobSpec* job_;
  std::string last_;
};

}  // namespace windrow::plan
