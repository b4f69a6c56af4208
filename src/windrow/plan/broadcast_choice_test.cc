// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/broadcast_choice.h"

#include <gmock/gmock.h>

#include "windrow/plan/moved_bytes.h"

namespace windrow::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

JoinSizes Sizes(double left, double right, int nodes, JoinHow how = JoinHow::kInner) {
  JoinSizes join;
  join.how = how;
  join.left = {left / 100, left};
  join.right = {right / 100, right};
  join.nodes = nodes;
  join.node_memory = 1e18;
  return join;
}

TEST(BroadcastChoice, TheRightSideGoesToAllUpToAShareOfTheLeft) {
  // R (n - 1) is at most (R + S) (n - 1) / n if R is at most S / (n - 1).
  for (int nodes = 2; nodes <= 1000; ++nodes) {
    for (const JoinHow how :
         {JoinHow::kInner, JoinHow::kLeft, JoinHow::kSemi, JoinHow::kAnti}) {
      const double right = 1000.0 * nodes;
      const double left = right * (nodes - 1);
      const BroadcastChoice even = ChooseBroadcast(Sizes(left, right, nodes, how));
      EXPECT_EQ(even.way, MoveWay::kBroadcastRight) << nodes;
      EXPECT_EQ(even.right_bytes, even.shuffle_bytes) << nodes;
      EXPECT_EQ(even.moved_bytes(), right * (nodes - 1)) << nodes;
      const BroadcastChoice above = ChooseBroadcast(Sizes(left, right + 1, nodes, how));
      if (nodes > 2 || how != JoinHow::kInner) {
        EXPECT_EQ(above.way, MoveWay::kShuffle) << nodes;
        EXPECT_LT(above.moved_bytes(), above.right_bytes) << nodes;
      }
      const BroadcastChoice below = ChooseBroadcast(Sizes(left, right - 1, nodes, how));
      EXPECT_EQ(below.way, MoveWay::kBroadcastRight) << nodes;
      EXPECT_LT(below.moved_bytes(), below.shuffle_bytes) << nodes;
    }
  }
}

TEST(BroadcastChoice, TheLeftSideGoesToAllForInnerJoinsOnly) {
  for (int nodes = 2; nodes <= 1000; ++nodes) {
    const double left = 1000.0 * nodes;
    const double right = left * (nodes - 1) + (nodes == 2 ? 1 : 0);
    const BroadcastChoice choice = ChooseBroadcast(Sizes(left, right, nodes));
    EXPECT_EQ(choice.way, MoveWay::kBroadcastLeft) << nodes;
    EXPECT_EQ(choice.moved_bytes(), left * (nodes - 1)) << nodes;
    EXPECT_EQ(ChooseBroadcast(Sizes(left + 1, right - 1, nodes)).way,
              nodes == 2 ? MoveWay::kBroadcastRight : MoveWay::kShuffle)
        << nodes;
  }
  for (const JoinHow how : {JoinHow::kLeft, JoinHow::kSemi, JoinHow::kAnti}) {
    const BroadcastChoice choice = ChooseBroadcast(Sizes(1e6, 1e9, 10, how));
    EXPECT_EQ(choice.way, MoveWay::kShuffle);
    EXPECT_THAT(choice.reason, HasSubstr("its rows come out once each"));
  }
  JoinSizes under_way = Sizes(1e6, 1e9, 10);
  under_way.may_send_left = false;
  EXPECT_EQ(ChooseBroadcast(under_way).way, MoveWay::kShuffle);
}

TEST(BroadcastChoice, KnownExamples) {
  // 100 GB on 10 nodes: 1 GB is sent to all, 12 GB are not.
  const BroadcastChoice small = ChooseBroadcast(Sizes(100e9, 1e9, 10));
  EXPECT_DOUBLE_EQ(small.shuffle_bytes, 90.9e9);
  EXPECT_DOUBLE_EQ(small.moved_bytes(), 9e9);
  const BroadcastChoice large = ChooseBroadcast(Sizes(100e9, 12e9, 10));
  EXPECT_DOUBLE_EQ(large.moved_bytes(), 100.8e9);
  EXPECT_DOUBLE_EQ(large.right_bytes, 108e9);
  EXPECT_EQ(ChooseBroadcast(Sizes(100 << 20, 1 << 20, 4)).reason,
            "right 1.00 MiB, left 100 MiB, 4 nodes: broadcast moves 3.00 MiB, shuffle "
            "75.8 MiB");
}

TEST(BroadcastChoice, OneNodeMovesNothing) {
  const BroadcastChoice choice = ChooseBroadcast(Sizes(1e9, 1e9, 1));
  EXPECT_EQ(choice.way, MoveWay::kBroadcastRight);
  EXPECT_EQ(choice.moved_bytes(), 0);
}

TEST(BroadcastChoice, ItsTableTakesAQuarterOfANodeAtMost) {
  JoinSizes join = Sizes(1e12, 1e9, 10);
  join.node_memory = 4 * TableBytes(1e7, 1e9);
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kBroadcastRight);
  join.node_memory -= 100;
  const BroadcastChoice choice = ChooseBroadcast(join);
  EXPECT_EQ(choice.way, MoveWay::kShuffle);
  EXPECT_THAT(choice.reason,
              HasSubstr("the right side would take 1.42 GiB of each node"));
  // Rows cost a slot each, however narrow they are.
  join.right = {2e8, 1e9};
  join.node_memory = 4 * TableBytes(1e7, 1e9);
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kShuffle);
}

TEST(BroadcastChoice, WhatIsInDoubtMustBeBetterAtItsWorst) {
  JoinSizes join = Sizes(100e9, 5e9, 10);
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kBroadcastRight);
  join.right.doubt = 2;  // 10 GB at most
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kBroadcastRight);
  join.left.doubt = 1.2;  // 83 GB at least
  const BroadcastChoice choice = ChooseBroadcast(join);
  EXPECT_EQ(choice.way, MoveWay::kShuffle);
  EXPECT_THAT(choice.reason, HasSubstr("right about 4.66 GiB, left about 93.1 GiB"));
  EXPECT_THAT(choice.reason, HasSubstr("too close to call by estimates"));
  // What is predicted is predicted of the estimates.
  EXPECT_DOUBLE_EQ(choice.shuffle_bytes, 94.5e9);
  join.left.doubt = 1;
  join.node_memory = 6 * TableBytes(5e7, 5e9);
  EXPECT_THAT(ChooseBroadcast(join).reason, HasSubstr("the right side might take"));
}

TEST(BroadcastChoice, AFilterLeavesLessToMove) {
  JoinSizes join = Sizes(100e9, 20e9, 10);
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kShuffle);
  join.right.filtered_bytes = 2e9;
  const BroadcastChoice right = ChooseBroadcast(join);
  EXPECT_EQ(right.way, MoveWay::kBroadcastRight);
  EXPECT_DOUBLE_EQ(right.moved_bytes(), 18e9);
  EXPECT_DOUBLE_EQ(right.shuffle_bytes, 91.8e9);
  // Rows of the left side that find no partner come out of a left or anti join.
  join.left.filtered_bytes = 1e9;
  EXPECT_DOUBLE_EQ(ChooseBroadcast(join).shuffle_bytes, 2.7e9);
  join.how = JoinHow::kSemi;
  EXPECT_DOUBLE_EQ(ChooseBroadcast(join).shuffle_bytes, 2.7e9);
  for (const JoinHow how : {JoinHow::kLeft, JoinHow::kAnti}) {
    join.how = how;
    EXPECT_DOUBLE_EQ(ChooseBroadcast(join).shuffle_bytes, 91.8e9);
  }
}

TEST(BroadcastChoice, WithoutKeysTheSmallerSideGoesToAll) {
  JoinSizes join = Sizes(1e9, 1e10, 10);
  join.has_keys = false;
  EXPECT_EQ(ChooseBroadcast(join).way, MoveWay::kBroadcastLeft);
  join.how = JoinHow::kLeft;
  const BroadcastChoice choice = ChooseBroadcast(join);
  EXPECT_EQ(choice.way, MoveWay::kBroadcastRight);
  EXPECT_THAT(choice.reason, HasSubstr("without keys"));
  EXPECT_THAT(choice.reason, Not(HasSubstr("once each")));
}

}  // namespace
}  // namespace windrow::plan
