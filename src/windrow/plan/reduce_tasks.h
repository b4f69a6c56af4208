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
/// each of them. A side whose rows come out once, matched or not, must not be repeated:
/// an inner join may divide either side, a left, semi or anti join the left one, a right
/// join the right one, and a full join none.
enum class MaySplit { kNone, kLeft, kRight, kEither };

/// [begin, end)
struct IndexRange {
  int begin = 0;
  int end = 0;
  bool operator==(const IndexRange&) const = default;
};

struct ReduceTask {
  IndexRange partitions;
  IndexRange left;   ///< map tasks of the left side
  IndexRange right;  ///< none of them where there is one input
  int64_t rows = 0;
  int64_t bytes = 0;  ///< of both sides
};

/// Sizes are compared by load: bytes, and as many for each row as moving that many takes
/// as long as what a join or an aggregate does with one.
inline constexpr int64_t kRowLoad = 32;

struct ReduceRules {
  int slots = 1;  ///< of all nodes
  /// A task's share is what would give each slot so many tasks: enough that the longest
  /// first on the slot that is free evens them out. There are about as many, or up to
  /// three times as many where partitions are divided; more if partitions are large.
  int tasks_per_slot = 8;
  /// The most tasks that share one partition, for each slot.
  int splits_per_slot = 4;
  /// A share is at least this load: a task's own cost is about that of so many bytes.
  int64_t least_load = 64 << 10;
  /// Neighbours become one task up to a share, but no more than this load: what fits the
  /// memory of a task alone is to fit it together.
  int64_t most_together = 64 << 20;
};

/// The tasks of a join, in the order of partitions, then of left and right map tasks, so
/// that their outputs in this order do not depend on which ended first. Small neighbours
/// become one task. A partition is divided by ranges of map tasks if its load is more
/// than a share, and either half as much again as the mean partition's, which is skew, or
/// more than a slot's part of everything. Each pair of pieces of one partition meets in
/// exactly one task. `right` has the partitions of `left`.
std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& left, const PieceSizes& right,
                                      MaySplit may_split, const ReduceRules& rules);

/// The same for one input whose partitions stay whole: a collect's, an aggregate's.
std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& input, const ReduceRules& rules);

/// The fullest node to the mean; 1 for nothing.
struct MaxOverMean {
  double rows = 1;
  double bytes = 1;
};
/// Of tasks that are placed on nodes the longest first, each on the node that has least.
MaxOverMean BalanceOf(const std::vector<ReduceTask>& tasks, int nodes);

/// Bytes that tasks read beyond what there is, as they share partitions.
int64_t RepeatedBytes(const std::vector<ReduceTask>& tasks, const PieceSizes& left,
                      const PieceSizes& right);

}  // namespace windrow::plan
