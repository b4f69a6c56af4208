// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/reduce_tasks.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace windrow::plan {
namespace {

PieceSize SizeOf(const PieceSizes& sizes, int partition) {
  PieceSize sum;
  for (const auto& pieces : sizes) {
    sum.rows += pieces[static_cast<size_t>(partition)].rows;
    sum.bytes += pieces[static_cast<size_t>(partition)].bytes;
  }
  return sum;
}

/// Map tasks in consecutive ranges of about equal bytes, at most `parts`.
std::vector<IndexRange> RangesOf(const PieceSizes& sizes, int partition, int64_t parts) {
  const int64_t total = SizeOf(sizes, partition).bytes;
  const auto tasks = static_cast<int>(sizes.size());
  std::vector<IndexRange> ranges;
  int begin = 0;
  int64_t before = 0;
  for (int task = 0; task < tasks; ++task) {
    const int64_t piece =
        sizes[static_cast<size_t>(task)][static_cast<size_t>(partition)].bytes;
    const auto next = static_cast<int64_t>(ranges.size()) + 1;
    // The piece goes where more of it belongs.
    if (task > begin && next < parts && before + piece / 2 >= total * next / parts) {
      ranges.push_back({begin, task});
      begin = task;
    }
    before += piece;
  }
  ranges.push_back({begin, tasks});
  return ranges;
}

PieceSize SizeOf(const PieceSizes& sizes, IndexRange partitions, IndexRange tasks) {
  PieceSize sum;
  for (int task = tasks.begin; task < tasks.end; ++task) {
    for (int p = partitions.begin; p < partitions.end; ++p) {
      const PieceSize& piece = sizes[static_cast<size_t>(task)][static_cast<size_t>(p)];
      sum.rows += piece.rows;
      sum.bytes += piece.bytes;
    }
  }
  return sum;
}

}  // namespace

std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& left, const PieceSizes& right,
                                      MaySplit may_split, int slots) {
  const IndexRange all_left{0, static_cast<int>(left.size())};
  const IndexRange all_right{0, static_cast<int>(right.size())};
  const auto partitions = static_cast<int>(left.at(0).size());
  std::vector<PieceSize> left_sizes;
  std::vector<PieceSize> right_sizes;
  int64_t total = 0;
  for (int p = 0; p < partitions; ++p) {
    left_sizes.push_back(SizeOf(left, p));
    right_sizes.push_back(SizeOf(right, p));
    total += left_sizes.back().bytes + right_sizes.back().bytes;
  }
  const int64_t share =
      std::max<int64_t>(total / (int64_t{kReduceTasksPerSlot} * slots), 1);
  // Without skew a partition stays whole, as dividing it repeats the other side.
  const int64_t most = std::max(share, total * 3 / 2 / partitions);
  std::vector<ReduceTask> tasks;
  const auto add = [&](IndexRange of, IndexRange left_tasks, IndexRange right_tasks) {
    const PieceSize a = SizeOf(left, of, left_tasks);
    const PieceSize b = SizeOf(right, of, right_tasks);
    tasks.push_back({of, left_tasks, right_tasks, a.rows + b.rows, a.bytes + b.bytes});
  };
  int begin = 0;
  int64_t waiting = 0;
  const auto close = [&](int end) {
    if (begin < end) add({begin, end}, all_left, all_right);
    begin = end;
    waiting = 0;
  };
  for (int p = 0; p < partitions; ++p) {
    const int64_t left_bytes = left_sizes[static_cast<size_t>(p)].bytes;
    const int64_t right_bytes = right_sizes[static_cast<size_t>(p)].bytes;
    const int64_t bytes = left_bytes + right_bytes;
    if (waiting + bytes > share) close(p);
    waiting += bytes;
    if (bytes <= most || may_split == MaySplit::kNone) continue;
    const bool splits_right = may_split == MaySplit::kEither && right_bytes > left_bytes;
    const int64_t parts = bytes / share + 1;
    if (splits_right) {
      for (const IndexRange range : RangesOf(right, p, parts)) {
        add({p, p + 1}, all_left, range);
      }
    } else {
      for (const IndexRange range : RangesOf(left, p, parts)) {
        add({p, p + 1}, range, all_right);
      }
    }
    begin = p + 1;
    waiting = 0;
  }
  close(partitions);
  return tasks;
}

double MaxOverMean(const std::vector<ReduceTask>& tasks, int nodes) {
  std::vector<int64_t> rows;
  int64_t total = 0;
  for (const ReduceTask& task : tasks) {
    rows.push_back(task.rows);
    total += task.rows;
  }
  if (total == 0) return 1;
  std::sort(rows.begin(), rows.end(), std::greater<>());
  std::priority_queue<int64_t, std::vector<int64_t>, std::greater<>> loads;
  for (int node = 0; node < nodes; ++node) loads.push(0);
  int64_t most = 0;
  for (const int64_t task : rows) {
    const int64_t load = loads.top() + task;
    loads.pop();
    loads.push(load);
    most = std::max(most, load);
  }
  return static_cast<double>(most) * nodes / static_cast<double>(total);
}

}  // namespace windrow::plan
