// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/reduce_tasks.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

namespace windrow::plan {
namespace {

/// `tasks` map tasks whose rows are spread evenly over partitions, but for `hot_share` of
/// them, which are in the first.
PieceSizes Side(int tasks, int partitions, int64_t task_rows, double hot_share) {
  PieceSizes sizes;
  for (int task = 0; task < tasks; ++task) {
    auto& pieces = sizes.emplace_back();
    for (int p = 0; p < partitions; ++p) {
      double rows = static_cast<double>(task_rows) * (1 - hot_share) / partitions;
      if (p == 0) rows += static_cast<double>(task_rows) * hot_share;
      pieces.push_back({static_cast<int64_t>(rows), static_cast<int64_t>(rows) * 16});
    }
  }
  return sizes;
}

int64_t RowsOf(const std::vector<ReduceTask>& tasks) {
  int64_t rows = 0;
  for (const ReduceTask& task : tasks) rows += task.rows;
  return rows;
}

TEST(ReduceTasks, HalfOfAllRowsOnOneKey) {
  for (const int nodes : {2, 4, 10, 32, 100, 300, 1000}) {
    const PieceSizes left = Side(4 * nodes, 2 * nodes, 1'000'000, 0.5);
    const PieceSizes right = Side(nodes, 2 * nodes, 100'000, 0);
    const auto plain = ReduceTasksOf(left, right, MaySplit::kNone, nodes);
    const auto split = ReduceTasksOf(left, right, MaySplit::kLeft, nodes);
    EXPECT_GT(MaxOverMean(plain, nodes), nodes == 2 ? 0.99 : 0.45 * nodes) << nodes;
    EXPECT_LE(MaxOverMean(split, nodes), 1.1) << nodes;
    EXPECT_LE(split.size(), static_cast<size_t>(16 * nodes)) << nodes;
    // What is repeated is little beside what is there.
    EXPECT_LT(static_cast<double>(RowsOf(split)),
              1.1 * static_cast<double>(RowsOf(plain)))
        << nodes;
  }
}

TEST(ReduceTasks, WithoutSkewPartitionsStayWhole) {
  const auto tasks =
      ReduceTasksOf(Side(8, 16, 10'000, 0), Side(8, 16, 10'000, 0), MaySplit::kEither, 4);
  for (const ReduceTask& task : tasks) {
    EXPECT_EQ(task.left, (IndexRange{0, 8}));
    EXPECT_EQ(task.right, (IndexRange{0, 8}));
  }
}

TEST(ReduceTasks, SmallPartitionsAreReadTogether) {
  const auto tasks =
      ReduceTasksOf(Side(2, 1024, 2048, 0), Side(2, 1024, 2048, 0), MaySplit::kEither, 2);
  EXPECT_LE(tasks.size(), size_t{18});
  EXPECT_EQ(tasks.front().partitions.begin, 0);
  EXPECT_EQ(tasks.back().partitions.end, 1024);
}

TEST(ReduceTasks, TheLargerSideIsDividedWhereEitherMayBe) {
  const PieceSizes small = Side(4, 4, 1000, 0);
  const PieceSizes hot = Side(4, 4, 100'000, 0.9);
  for (const ReduceTask& task : ReduceTasksOf(small, hot, MaySplit::kEither, 4)) {
    EXPECT_EQ(task.left, (IndexRange{0, 4}));
  }
  for (const ReduceTask& task : ReduceTasksOf(small, hot, MaySplit::kLeft, 4)) {
    EXPECT_EQ(task.right, (IndexRange{0, 4}));
  }
}

TEST(ReduceTasks, EveryPairOfPiecesMeetsOnce) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int most) { return static_cast<int>(random() % most); };
    const int partitions = 1 + below(20);
    const int slots = 1 + below(12);
    const auto side = [&] {
      PieceSizes sizes(static_cast<size_t>(1 + below(9)));
      for (auto& pieces : sizes) {
        for (int p = 0; p < partitions; ++p) {
          const int64_t rows = below(4) == 0 ? below(100'000) : below(100);
          pieces.push_back({rows, rows * 8});
        }
      }
      return sizes;
    };
    const PieceSizes left = side();
    const PieceSizes right = side();
    const auto may_split = static_cast<MaySplit>(below(3));
    std::map<std::tuple<int, int, int>, int> meetings;
    for (const ReduceTask& task : ReduceTasksOf(left, right, may_split, slots)) {
      for (int p = task.partitions.begin; p < task.partitions.end; ++p) {
        for (int l = task.left.begin; l < task.left.end; ++l) {
          for (int r = task.right.begin; r < task.right.end; ++r) ++meetings[{p, l, r}];
        }
      }
      if (may_split == MaySplit::kLeft) {
        EXPECT_EQ(task.right.end - task.right.begin, static_cast<int>(right.size()));
      }
    }
    EXPECT_EQ(meetings.size(), left.size() * right.size() * partitions) << seed;
    for (const auto& [pair, times] : meetings) EXPECT_EQ(times, 1) << seed;
  }
}

}  // namespace
}  // namespace windrow::plan
