// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/reduce_tasks.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <random>
#include <tuple>

namespace windrow::plan {
namespace {

struct SideShape {
  int tasks = 1;
  int partitions = 1;
  int64_t task_rows = 0;
  double hot_share = 0;  ///< of each task's rows, all in the first partition
  int64_t row_bytes = 16;
};

/// Rows spread evenly over partitions but for the hot ones; give or take a fifth when
/// `random` is given.
PieceSizes Side(const SideShape& shape, std::mt19937* random = nullptr) {
  PieceSizes sizes;
  for (int task = 0; task < shape.tasks; ++task) {
    auto& pieces = sizes.emplace_back();
    for (int p = 0; p < shape.partitions; ++p) {
      const auto rows = static_cast<double>(shape.task_rows);
      double here = rows * (1 - shape.hot_share) / shape.partitions;
      if (p == 0) here += rows * shape.hot_share;
      if (random != nullptr)
        here *= 0.8 + 0.4 * static_cast<double>((*random)()) / 0x1p32;
      const auto count = static_cast<int64_t>(here);
      pieces.push_back({count, count * shape.row_bytes});
    }
  }
  return sizes;
}

ReduceRules Slots(int slots) {
  ReduceRules rules;
  rules.slots = slots;
  return rules;
}

int64_t BytesOf(const PieceSizes& sizes) {
  int64_t bytes = 0;
  for (const auto& pieces : sizes) {
    for (const PieceSize& piece : pieces) bytes += piece.bytes;
  }
  return bytes;
}

TEST(ReduceTasks, HalfOfAllRowsOnOneKey) {
  for (const int nodes : {2, 4, 10, 32, 100, 300, 1000}) {
    // Wide rows on the right cost more to repeat, so fewer tasks share the hot key.
    for (const int64_t right_row_bytes : {16, 400}) {
      const bool is_wide = right_row_bytes > 16;
      const unsigned seed = std::random_device()();
      SCOPED_TRACE(testing::Message() << nodes << " nodes, rows of " << right_row_bytes
                                      << " bytes on the right, seed " << seed);
      std::mt19937 random(seed);
      const PieceSizes left = Side({4 * nodes, 2 * nodes, 1'000'000, 0.5, 16}, &random);
      const PieceSizes right =
          Side({nodes, 2 * nodes, 100'000, 0, right_row_bytes}, &random);
      const auto whole = ReduceTasksOf(left, right, MaySplit::kNone, Slots(nodes));
      const auto shared = ReduceTasksOf(left, right, MaySplit::kLeft, Slots(nodes));
      EXPECT_GT(BalanceOf(whole, nodes).rows, nodes == 2 ? 0.99 : 0.4 * nodes);
      EXPECT_LE(BalanceOf(shared, nodes).rows, is_wide ? 1.2 : 1.1);
      EXPECT_LE(shared.size(), static_cast<size_t>(16 * nodes));
      // What is repeated is little beside what is there.
      EXPECT_LT(
          static_cast<double>(RepeatedBytes(shared, left, right)),
          (is_wide ? 0.25 : 0.1) * static_cast<double>(BytesOf(left) + BytesOf(right)));
    }
  }
}

TEST(ReduceTasks, FewMapTasksLimitWhatCanBeDivided) {
  // A task for each of 500 pieces of half of all rows: each is a node's whole part.
  const auto tasks =
      ReduceTasksOf(Side({500, 2000, 1'000'000, 0.5}), Side({500, 2000, 10'000}),
                    MaySplit::kLeft, Slots(1000));
  EXPECT_LE(BalanceOf(tasks, 1000).rows, 1.1);
  const auto fewer =
      ReduceTasksOf(Side({100, 2000, 1'000'000, 0.5}), Side({100, 2000, 10'000}),
                    MaySplit::kLeft, Slots(1000));
  EXPECT_NEAR(BalanceOf(fewer, 1000).rows, 5, 0.3);
}

TEST(ReduceTasks, BothSidesHeavyAreAGrid) {
  for (const int nodes : {4, 9, 16, 100, 900}) {
    const PieceSizes left = Side({4 * nodes, 2 * nodes, 100'000, 0.9});
    const PieceSizes right = Side({4 * nodes, 2 * nodes, 25'000, 0.9});
    int64_t left_ranges = 0;
    int64_t right_ranges = 0;
    const auto tasks = ReduceTasksOf(left, right, MaySplit::kEither, Slots(nodes));
    for (const ReduceTask& task : tasks) {
      if (task.partitions.begin > 0) continue;
      if (task.right.begin == 0) ++left_ranges;
      if (task.left.begin == 0) ++right_ranges;
    }
    const int64_t parts = left_ranges * right_ranges;
    EXPECT_LE(parts, nodes);
    EXPECT_GE(parts, nodes * 3 / 4);
    // Left rows are read right_ranges times, right ones, a quarter as many, left_ranges
    // times: together 4 sqrt(parts) at best.
    EXPECT_LT(static_cast<double>(4 * right_ranges + left_ranges),
              1.1 * 4 * std::sqrt(parts));
    EXPECT_LE(BalanceOf(tasks, nodes).rows, nodes == 9 ? 1.25 : 1.15) << nodes;
  }
}

TEST(ReduceTasks, WithoutSkewPartitionsStayWhole) {
  const auto tasks = ReduceTasksOf(Side({8, 16, 10'000}), Side({8, 16, 10'000}),
                                   MaySplit::kEither, Slots(4));
  EXPECT_EQ(tasks.size(), 16u);
  for (const ReduceTask& task : tasks) {
    EXPECT_EQ(task.left, (IndexRange{0, 8}));
    EXPECT_EQ(task.right, (IndexRange{0, 8}));
  }
}

TEST(ReduceTasks, FewerPartitionsThanSlotsAreDivided) {
  const PieceSizes left = Side({64, 8, 1'000'000});
  const PieceSizes right = Side({64, 8, 10'000});
  const auto tasks = ReduceTasksOf(left, right, MaySplit::kLeft, Slots(32));
  EXPECT_LE(BalanceOf(tasks, 32).rows, 1.1);
}

TEST(ReduceTasks, SmallPartitionsAreReadTogether) {
  const auto tasks = ReduceTasksOf(Side({2, 1024, 204'800}), Side({2, 1024, 204'800}),
                                   MaySplit::kEither, Slots(2));
  EXPECT_GE(tasks.size(), 16u);
  EXPECT_LE(tasks.size(), 18u);
  EXPECT_EQ(tasks.front().partitions.begin, 0);
  EXPECT_EQ(tasks.back().partitions.end, 1024);
}

TEST(ReduceTasks, PartitionsThatFillMemoryAreNotReadTogether) {
  const PieceSizes large = Side({16, 1024, 400'000'000});
  EXPECT_EQ(ReduceTasksOf(large, large, MaySplit::kEither, Slots(2)).size(), 1024u);
  EXPECT_EQ(ReduceTasksOf(large, Slots(2)).size(), 1024u);
}

TEST(ReduceTasks, FewRowsAreOneTask) {
  const auto tasks =
      ReduceTasksOf(Side({4, 64, 64}), Side({4, 64, 64}), MaySplit::kEither, Slots(8));
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].partitions, (IndexRange{0, 64}));
  EXPECT_EQ(tasks[0].rows, 512);
  EXPECT_EQ(tasks[0].bytes, 512 * 16);
}

TEST(ReduceTasks, AnotherSideIsDividedOnlyIfItMayBe) {
  const PieceSizes small = Side({4, 4, 1000});
  const PieceSizes hot = Side({4, 4, 100'000, 0.9});
  for (const MaySplit may_split : {MaySplit::kRight, MaySplit::kEither}) {
    const auto tasks = ReduceTasksOf(small, hot, may_split, Slots(4));
    EXPECT_EQ(tasks.front().right, (IndexRange{0, 1}));
    for (const ReduceTask& task : tasks) EXPECT_EQ(task.left, (IndexRange{0, 4}));
  }
  for (const ReduceTask& task : ReduceTasksOf(small, hot, MaySplit::kLeft, Slots(4))) {
    EXPECT_EQ(task.right, (IndexRange{0, 4}));
  }
}

TEST(ReduceTasks, OneInputIsReadInOrder) {
  const std::vector<PieceSize> task{{1, 100'000}, {1, 10}, {1, 10}, {1, 100'000}, {0, 0}};
  const auto tasks = ReduceTasksOf(PieceSizes{task, task}, Slots(2));
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[0].partitions, (IndexRange{0, 1}));
  EXPECT_EQ(tasks[1].partitions, (IndexRange{1, 3}));
  EXPECT_EQ(tasks[2].partitions, (IndexRange{3, 5}));
  EXPECT_EQ(tasks[1].left, (IndexRange{0, 2}));
  EXPECT_EQ(tasks[1].right, (IndexRange{0, 0}));
  EXPECT_EQ(tasks[1].rows, 4);
  EXPECT_EQ(tasks[1].bytes, 40);
}

TEST(ReduceTasks, TheLongestGoesFirstToTheEmptiestNode) {
  std::vector<ReduceTask> tasks;
  for (const int64_t rows : {2, 3, 7, 6}) tasks.push_back({{}, {}, {}, rows, 10 * rows});
  // 7 + 2 and 6 + 3.
  EXPECT_DOUBLE_EQ(BalanceOf(tasks, 2).rows, 1);
  // 7, 6 and 3 + 2.
  EXPECT_DOUBLE_EQ(BalanceOf(tasks, 3).rows, 7.0 / 6);
  EXPECT_DOUBLE_EQ(BalanceOf(tasks, 3).bytes, 7.0 / 6);
  EXPECT_DOUBLE_EQ(BalanceOf({}, 3).rows, 1);
}

TEST(ReduceTasks, RepeatedBytesAreTheOtherSides) {
  const PieceSizes left{{{100, 400'000}}, {{100, 400'000}}};
  const PieceSizes right{{{10, 1000}}};
  const auto tasks = ReduceTasksOf(left, right, MaySplit::kLeft, Slots(2));
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(RepeatedBytes(tasks, left, right), 1000);
}

/// How often each pair of pieces of a partition meets.
std::map<std::tuple<int, int, int>, int> MeetingsOf(
    const std::vector<ReduceTask>& tasks) {
  std::map<std::tuple<int, int, int>, int> meetings;
  for (const ReduceTask& task : tasks) {
    for (int p = task.partitions.begin; p < task.partitions.end; ++p) {
      for (int l = task.left.begin; l < task.left.end; ++l) {
        for (int r = task.right.begin; r < task.right.end; ++r) ++meetings[{p, l, r}];
      }
    }
  }
  return meetings;
}

PieceSize SizeOf(const PieceSizes& sizes, IndexRange partitions, IndexRange tasks) {
  PieceSize sum;
  for (int task = tasks.begin; task < tasks.end; ++task) {
    for (int p = partitions.begin; p < partitions.end; ++p) {
      sum.rows += sizes[static_cast<size_t>(task)][static_cast<size_t>(p)].rows;
      sum.bytes += sizes[static_cast<size_t>(task)][static_cast<size_t>(p)].bytes;
    }
  }
  return sum;
}

TEST(ReduceTasks, EveryPairOfPiecesMeetsOnce) {
  const unsigned first = std::random_device()();
  int divided = 0;
  for (unsigned seed = first; seed < first + 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&](int most) { return static_cast<int>(random() % most); };
    const int partitions = 1 + below(20);
    ReduceRules rules = Slots(1 + below(12));
    rules.least_load = 1 + below(1000);
    const auto side = [&] {
      PieceSizes sizes(static_cast<size_t>(1 + below(9)));
      for (auto& pieces : sizes) {
        for (int p = 0; p < partitions; ++p) {
          const int64_t rows = below(4) == 0 ? below(100'000) : below(2) * below(100);
          pieces.push_back({rows, rows * 8});
        }
      }
      return sizes;
    };
    const PieceSizes left = side();
    const PieceSizes right = side();
    const IndexRange all_left{0, static_cast<int>(left.size())};
    const IndexRange all_right{0, static_cast<int>(right.size())};
    const auto may_split = static_cast<MaySplit>(below(4));
    const auto tasks = ReduceTasksOf(left, right, may_split, rules);
    for (size_t i = 0; i < tasks.size(); ++i) {
      const ReduceTask& task = tasks[i];
      const PieceSize a = SizeOf(left, task.partitions, task.left);
      const PieceSize b = SizeOf(right, task.partitions, task.right);
      EXPECT_EQ(task.rows, a.rows + b.rows);
      EXPECT_EQ(task.bytes, a.bytes + b.bytes);
      if (task.left != all_left) {
        EXPECT_GT(a.rows, 0);
        EXPECT_TRUE(may_split == MaySplit::kLeft || may_split == MaySplit::kEither);
      }
      if (task.right != all_right) {
        EXPECT_GT(b.rows, 0);
        EXPECT_TRUE(may_split == MaySplit::kRight || may_split == MaySplit::kEither);
      }
      divided += task.left != all_left || task.right != all_right ? 1 : 0;
      if (i == 0) continue;
      const auto place = [](const ReduceTask& of) {
        return std::tuple(of.partitions.begin, of.left.begin, of.right.begin);
      };
      EXPECT_LT(place(tasks[i - 1]), place(task));
    }
    EXPECT_LE(tasks.size(), 3 * 8 * static_cast<size_t>(rules.slots));
    const auto meetings = MeetingsOf(tasks);
    EXPECT_EQ(meetings.size(), left.size() * right.size() * partitions);
    for (const auto& [pair, times] : meetings) EXPECT_EQ(times, 1);
  }
  EXPECT_GT(divided, 1000);
}

TEST(ReduceTasks, AThousandNodesAndMillionsOfPieces) {
  const PieceSizes left = Side({4000, 1024, 1'000'000, 0.5});
  const PieceSizes right = Side({4000, 1024, 10'000});
  const auto tasks = ReduceTasksOf(left, right, MaySplit::kEither, Slots(1000));
  // About a fifth of a node's rows are in one piece.
  EXPECT_LE(BalanceOf(tasks, 1000).rows, 1.2);
  EXPECT_LE(tasks.size(), 8000u);
}

}  // namespace
}  // namespace windrow::plan
