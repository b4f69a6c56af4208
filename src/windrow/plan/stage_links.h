// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "windrow/plan/physical_plan.h"

namespace windrow::plan {

/// What stages hand to one another.
struct StageLinks {
  std::set<int> joins;          ///< built sides, by the join's number
  std::set<std::string> steps;  ///< sources and steps whose rows are read, by name
};

/// What the stage leaves for others.
StageLinks MadeBy(const Stage& stage);

/// What the stage reads. Not all of it is made by stages: some are sources of the job.
StageLinks TakenBy(const Stage& stage);

}  // namespace windrow::plan
