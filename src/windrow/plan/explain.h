// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/plan/planner.h"
#include "windrow/plan/prepare.h"

namespace windrow::plan {

/// The plan of each sink as a tree, sink first, with what was decided and why. A line a
/// node; estimates in rows.
std::string ExplainText(const PreparedJob& job, const exec::Switches& switches);

/// The same as one JSON object {"plans": [node…]}; node: {step, kind, detail, columns,
/// estimated_rows, strategy, reason, inputs}. Ends with a newline.
std::string ExplainJson(const PreparedJob& job, const exec::Switches& switches);

}  // namespace windrow::plan
