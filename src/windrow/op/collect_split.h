// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/collect_groups.h"

namespace windrow::op {

/// Splits the rows of a part that is too large to sort in memory into smaller parts, by
/// the whole order (group, then order columns): some rows are sampled, and their
/// quantiles become splitters. Rows equal to a splitter get a part of their own that
/// needs no sorting, so even a part of equal rows comes to an end. The parts are on disk,
/// in order, and each but the last may share its last group with the next; all but
/// ordered ones have at most `bytes_max`, whatever the data.
///
/// After sample sort with equality buckets: Axtmann, Witt, Ferizovic, Sanders, "In-place
/// Parallel Super Scalar Samplesort", 2017.
Result<std::vector<CollectPart>> SplitPart(CollectPart part, const GroupOrder& order,
                                           int64_t bytes_max, exec::RunContext* context,
                                           exec::StepMetrics* metrics);

}  // namespace windrow::op
