// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/reduce_tasks.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

namespace windrow::plan {
namespace {

void Add(const PieceSize& more, PieceSize* sum) {
  sum->rows += more.rows;
  sum->bytes += more.bytes;
}

int64_t LoadOf(const PieceSize& size) { return size.bytes + kRowLoad * size.rows; }

int TasksOf(const PieceSizes& sizes) { return static_cast<int>(sizes.size()); }

/// By partition. In the order of memory: there may be millions of pieces.
std::vector<PieceSize> SumByPartition(const PieceSizes& sizes) {
  std::vector<PieceSize> sums(sizes.empty() ? 0 : sizes[0].size());
  for (const auto& pieces : sizes) {
    for (size_t p = 0; p < pieces.size(); ++p) Add(pieces[p], &sums[p]);
  }
  return sums;
}

PieceSize SumOf(const std::vector<PieceSize>& sizes) {
  PieceSize sum;
  for (const PieceSize& size : sizes) Add(size, &sum);
  return sum;
}

/// Consecutive map tasks, and what they wrote for one partition.
struct TaskRange {
  IndexRange tasks;
  PieceSize size;
};

/// All map tasks in at most `parts` ranges of about equal load, each with some.
std::vector<TaskRange> RangesOf(const PieceSizes& sizes, int partition, PieceSize sum,
                                int64_t parts) {
  if (parts == 1) return {{{0, TasksOf(sizes)}, sum}};
  const auto total = static_cast<double>(LoadOf(sum));
  std::vector<TaskRange> ranges;
  TaskRange range;
  double before = 0;
  for (int task = 0; task < TasksOf(sizes); ++task) {
    const PieceSize& piece =
        sizes[static_cast<size_t>(task)][static_cast<size_t>(partition)];
    const auto load = static_cast<double>(LoadOf(piece));
    const auto next = static_cast<double>(ranges.size() + 1);
    // The piece goes where more of it belongs.
    if (load > 0 && LoadOf(range.size) > 0 && next < static_cast<double>(parts) &&
        before + load / 2 >= total * next / static_cast<double>(parts)) {
      range.tasks.end = task;
      ranges.push_back(std::exchange(range, {{task, task}, {}}));
    }
    Add(piece, &range.size);
    before += load;
  }
  range.tasks.end = TasksOf(sizes);
  ranges.push_back(range);
  return ranges;
}

/// In how many parts each side of a partition is divided; every part of one meets every
/// part of the other.
struct Grid {
  int64_t left = 1;
  int64_t right = 1;
};

/// With S divided in p parts and R in q, a task reads S/p + R/q and all of them
/// q S + p R. On n slots that ends soonest, by (q S + p R) / n + S/p + R/q, for
/// p = sqrt(n S/R) and q = sqrt(n R/S): together n. Beyond that, repeating the other
/// side costs more than smaller tasks gain. Where one side stays whole, half of p does
/// about as well, since R is read by each task anyway, and other tasks fill the gaps.
Grid GridOf(double left, double right, MaySplit may_split, double share,
            const ReduceRules& rules) {
  const double slots = rules.slots;
  const double parts =
      std::min(std::ceil((left + right) / share), rules.splits_per_slot * slots);
  const auto one_side = [&](double divided, double repeated) {
    const double best = std::sqrt(slots * divided / std::max(repeated, 1.0)) / 2;
    return static_cast<int64_t>(std::max(std::min(parts, best), 1.0));
  };
  if (may_split == MaySplit::kLeft) return {one_side(left, right), 1};
  if (may_split == MaySplit::kRight) return {1, one_side(right, left)};
  const auto tasks = static_cast<int64_t>(std::min(parts, slots));
  const double larger = std::max(left, right);
  const double smaller = std::min(left, right);
  const auto of_smaller =
      static_cast<int64_t>(std::sqrt(static_cast<double>(tasks) * smaller / larger));
  // Whichever it is, no fewer tasks than there are slots.
  const Grid grid = of_smaller > 1 ? Grid{tasks / of_smaller, of_smaller}
                                   : Grid{std::max(one_side(larger, smaller), tasks), 1};
  return left >= right ? grid : Grid{grid.right, grid.left};
}

double ShareOf(double total, const ReduceRules& rules) {
  return std::max({total / (static_cast<double>(rules.tasks_per_slot) * rules.slots),
                   static_cast<double>(rules.least_load), 1.0});
}

double MostTogether(double share, const ReduceRules& rules) {
  return std::min(share, static_cast<double>(rules.most_together));
}

/// Takes partitions one by one and makes tasks of whole ones, small neighbours together.
class Coalescer {
 public:
  /// Tasks read all of the `left` and `right` map tasks.
  Coalescer(double most, int left, int right, std::vector<ReduceTask>* tasks)
      : most_(most), tasks_(tasks), next_{{0, 0}, {0, left}, {0, right}} {}

  void Take(const PieceSize& partition) {
    const auto load = static_cast<double>(LoadOf(partition));
    // What is empty is no task of its own.
    if (load_ > 0 && load > 0 && load_ + load > most_) Close();
    load_ += load;
    ++next_.partitions.end;
    next_.rows += partition.rows;
    next_.bytes += partition.bytes;
  }

  /// Ends a task before a partition that is not taken.
  void Skip() {
    Close();
    next_.partitions = {next_.partitions.end + 1, next_.partitions.end + 1};
  }

  void Close() {
    const IndexRange taken = next_.partitions;
    if (taken.begin < taken.end) tasks_->push_back(next_);
    next_.partitions = {taken.end, taken.end};
    next_.rows = 0;
    next_.bytes = 0;
    load_ = 0;
  }

 private:
  double most_;
  std::vector<ReduceTask>* tasks_;
  ReduceTask next_;
  double load_ = 0;
};

}  // namespace

std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& left, const PieceSizes& right,
                                      MaySplit may_split, const ReduceRules& rules) {
  const std::vector<PieceSize> left_sums = SumByPartition(left);
  const std::vector<PieceSize> right_sums = SumByPartition(right);
  const auto total =
      static_cast<double>(LoadOf(SumOf(left_sums)) + LoadOf(SumOf(right_sums)));
  const auto partitions = static_cast<int>(left_sums.size());
  const double share = ShareOf(total, rules);
  // A tenth above its part keeps no slot much longer than the others.
  const double most =
      std::max(share, std::min(1.5 * total / partitions, 1.1 * total / rules.slots));
  // There is nobody to share with.
  if (rules.slots == 1) may_split = MaySplit::kNone;
  std::vector<ReduceTask> tasks;
  Coalescer whole(MostTogether(share, rules), TasksOf(left), TasksOf(right), &tasks);
  for (int p = 0; p < partitions; ++p) {
    const PieceSize& of_left = left_sums[static_cast<size_t>(p)];
    const PieceSize& of_right = right_sums[static_cast<size_t>(p)];
    const auto left_load = static_cast<double>(LoadOf(of_left));
    const auto right_load = static_cast<double>(LoadOf(of_right));
    Grid grid;
    if (may_split != MaySplit::kNone && left_load + right_load > most) {
      grid = GridOf(left_load, right_load, may_split, share, rules);
    }
    if (grid.left == 1 && grid.right == 1) {
      whole.Take({of_left.rows + of_right.rows, of_left.bytes + of_right.bytes});
      continue;
    }
    whole.Skip();
    const std::vector<TaskRange> right_ranges = RangesOf(right, p, of_right, grid.right);
    for (const TaskRange& a : RangesOf(left, p, of_left, grid.left)) {
      for (const TaskRange& b : right_ranges) {
        tasks.push_back({{p, p + 1},
                         a.tasks,
                         b.tasks,
                         a.size.rows + b.size.rows,
                         a.size.bytes + b.size.bytes});
      }
    }
  }
  whole.Close();
  return tasks;
}

std::vector<ReduceTask> ReduceTasksOf(const PieceSizes& input, const ReduceRules& rules) {
  const std::vector<PieceSize> sums = SumByPartition(input);
  std::vector<ReduceTask> tasks;
  const double share = ShareOf(static_cast<double>(LoadOf(SumOf(sums))), rules);
  Coalescer whole(MostTogether(share, rules), TasksOf(input), 0, &tasks);
  for (const PieceSize& sum : sums) whole.Take(sum);
  whole.Close();
  return tasks;
}

MaxOverMean BalanceOf(const std::vector<ReduceTask>& tasks, int nodes) {
  const auto load = [](const ReduceTask& task) {
    return LoadOf({task.rows, task.bytes});
  };
  std::vector<const ReduceTask*> order;
  for (const ReduceTask& task : tasks) order.push_back(&task);
  std::stable_sort(
      order.begin(), order.end(),
      [&](const ReduceTask* a, const ReduceTask* b) { return load(*a) > load(*b); });
  std::vector<PieceSize> placed(static_cast<size_t>(nodes));
  using LoadOfNode = std::pair<int64_t, size_t>;
  std::priority_queue<LoadOfNode, std::vector<LoadOfNode>, std::greater<>> least;
  for (size_t node = 0; node < placed.size(); ++node) least.push({0, node});
  for (const ReduceTask* task : order) {
    const auto [before, node] = least.top();
    least.pop();
    least.push({before + load(*task), node});
    Add({task->rows, task->bytes}, &placed[node]);
  }
  const auto ratio = [&](int64_t PieceSize::*of) {
    int64_t most = 0;
    int64_t total = 0;
    for (const PieceSize& node : placed) {
      most = std::max(most, node.*of);
      total += node.*of;
    }
    return total > 0 ? static_cast<double>(most) * nodes / static_cast<double>(total) : 1;
  };
  return {ratio(&PieceSize::rows), ratio(&PieceSize::bytes)};
}

int64_t RepeatedBytes(const std::vector<ReduceTask>& tasks, const PieceSizes& left,
                      const PieceSizes& right) {
  int64_t read = 0;
  for (const ReduceTask& task : tasks) read += task.bytes;
  return read - SumOf(SumByPartition(left)).bytes - SumOf(SumByPartition(right)).bytes;
}

}  // namespace windrow::plan
