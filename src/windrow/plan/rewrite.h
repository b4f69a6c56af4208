// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// The same rows and columns for less work. Rules, in this order:
///   1. a limit over a sort becomes the sort's limit (top-N);
///   2. each conjunct of a filter moves down: through projects (their definitions put in
///      place), through sorts without limit, into the side of a join that has its columns
///      (of a left, semi or anti join only the left side), until it stands on a scan;
///   3. every node computes only the columns something above it uses.
/// Without `push_filters`, rule 2 is left out. A filter never moves through a limit, and
/// an expression that can fail on some value never moves below what might have removed
/// that value: a filter that moves is evaluated on rows a filter below it, or a join
/// beside it, would have dropped.
Result<NodePtr> RewritePlan(const NodePtr& root, bool push_filters = true);

}  // namespace windrow::plan
