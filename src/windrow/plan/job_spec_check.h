// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

/// Adds every problem that is about meaning: names that come twice or are unknown,
/// cycles, numbers out of range, unknown data sets and codecs, missing sinks. An empty
/// name or an empty list is what a reader leaves behind after a problem it reported, so
/// these count only when `problems` is empty at the start.
void CheckJobSpec(const JobSpec& job, ProblemList& problems);

/// Puts each step after the steps it reads, otherwise keeping the order. Requires: no
/// cycle and no unknown name.
void OrderSteps(JobSpec& job);

/// For jobs made by a program: checks and orders. Fails like ReadJobSpec, with the
/// problems at the document's name (places are "nowhere").
Status CompleteJobSpec(JobSpec& job);

}  // namespace windrow::plan
