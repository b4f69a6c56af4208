// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "windrow/plan/fragment.h"

namespace windrow::plan {

// Which tasks read what an exchange holds: pure functions of sizes. Map tasks wrote
// pieces, one for each partition; a reduce task reads those of some partitions that some
// of the map tasks wrote.

/// What the map tasks of one exchange wrote, by task and partition.
using PieceSizes = std::vector<std::vector<PieceSize>>;

/// Which sides of a join may be divided between tasks; the other side's rows then go to
/// each of them. A side whose rows come out once, matched or not, must not be repeated.
enum class MaySplit { kNone, kLeft, kEither };

/// [begin, end)
struct IndexRange {
  int begin = 0;
  int end = 0;
  bool operator==(const IndexRange&) const = default;
};

struct ReduceTask {
  IndexRange partitions;
  IndexRange left;  ///< map tasks of the left side
  IndexRange right;
  int64_t rows = 0;
  int64_t bytes = 0;  ///< of both sides
};

/// Reduce tasks for each slot, by bytes; fewer where pieces cannot be divided further.
inline constexpr int kReduceTasksPerSlot = 8;

/// The tasks of a join, in the order of partitions, then of left and right map tasks. A
/// partition with more bytes than a task's share, and half as many more than the mean, is
/// divided by ranges of map tasks, of the larger side where either may be; small
/// neighbours become one task. Each pair of pieces
/// of one partition meets in exactly one task. `right` has the partitions of `left`.
std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& left, const PieceSizes& right,
                                      MaySplit may_split, int slots);

/// What a placement of tasks on nodes, the longest first on the node that has least,
/// makes of their rows: the most of a node to the mean; 1 for none.
double MaxOverMean(const std::vector<ReduceTask>& tasks, int nodes);

}  // namespace windrow::plan
