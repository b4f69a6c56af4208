// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/exec/switches.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/prepare.h"

namespace windrow::plan {

/// The fragments of a job on a cluster, their tasks and exchanges, and what is decided
/// about moving rows and why, by the estimates that there are before anything ran: a line
/// each. On real sizes the planner may decide otherwise.
Result<std::string> ExplainFragments(const PreparedJob& job, const ClusterShape& shape,
                                     const exec::Switches& switches);

}  // namespace windrow::plan
