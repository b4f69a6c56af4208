// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "windrow/exec/switches.h"
#include "windrow/plan/bind.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// A job with its sources opened and its plans rewritten: ready to explain or to run.
struct PreparedJob {
  OpenTables tables;
  std::vector<LogicalPlan> plans;
};

Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches);

}  // namespace windrow::plan
