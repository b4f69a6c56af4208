// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/ordered_lanes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace windrow::exec {
namespace {

/// Writes items and left lanes into one text: "a|" is item a, then a lane that left.
struct Written {
  std::string text;
  OrderedLanes<char> lanes;
  explicit Written(bool ordered)
      : lanes(
            ordered, [this](char item) { text += item; }, [this] { text += '|'; }) {}
};

TEST(OrderedLanes, LaneByLane) {
  Written written(true);
  written.lanes.Open(0);
  written.lanes.Open(1);
  written.lanes.Deliver(1, 'x');
  EXPECT_EQ(written.text, "");
  written.lanes.Deliver(0, 'a');
  EXPECT_EQ(written.text, "a");
  written.lanes.Close(1);
  written.lanes.Deliver(0, 'b');
  written.lanes.Close(0);
  EXPECT_EQ(written.text, "ab|x|");
}

TEST(OrderedLanes, EmptyLanesLeaveInTurn) {
  Written written(true);
  for (int64_t lane = 0; lane < 4; ++lane) written.lanes.Open(lane);
  written.lanes.Close(2);
  written.lanes.Close(1);
  written.lanes.Deliver(3, 'z');
  EXPECT_EQ(written.text, "");
  written.lanes.Close(0);
  EXPECT_EQ(written.text, "|||z");
}

TEST(OrderedLanes, UnorderedTakesAtOnce) {
  Written written(false);
  written.lanes.Open(0);
  written.lanes.Open(1);
  written.lanes.Deliver(1, 'x');
  written.lanes.Deliver(0, 'a');
  EXPECT_EQ(written.text, "xa");
}

TEST(OrderedLanes, ALaneFarAheadParksUntilItsItemsLeave) {
  Written written(true);
  written.lanes.Open(0);
  written.lanes.Open(1);
  int resumed = 0;
  auto resume = [&] { ++resumed; };
  for (const char item : {'1', '2', '3', '4'}) {
    EXPECT_FALSE(written.lanes.Park(1, resume)) << item;
    written.lanes.Deliver(1, item);
  }
  EXPECT_TRUE(written.lanes.Park(1, resume));
  EXPECT_FALSE(written.lanes.Park(0, resume));
  written.lanes.Deliver(0, 'a');
  EXPECT_EQ(resumed, 0);
  written.lanes.Close(0);
  EXPECT_EQ(resumed, 1);
  EXPECT_EQ(written.text, "a|1234");
}

TEST(OrderedLanes, TheNextLaneParksWhileTheTakerIsSlow) {
  // The taker stands in for a slow sink: while it holds lane 0's first item, another
  // thread delivers. It must be told to stop, or a long lane would pile up.
  std::atomic<bool> is_taking = false;
  std::atomic<bool> may_go_on = false;
  std::atomic<int> resumed = 0;
  std::string text;
  OrderedLanes<char> lanes(
      true,
      [&](char item) {
        text += item;
        is_taking = true;
        while (!may_go_on) std::this_thread::yield();
      },
      [] {});
  lanes.Open(0);
  std::thread taker([&] { lanes.Deliver(0, '0'); });
  while (!is_taking) std::this_thread::yield();
  int delivered = 0;
  while (delivered < 100 && !lanes.Park(0, [&] { ++resumed; })) {
    lanes.Deliver(0, 'x');
    ++delivered;
  }
  EXPECT_LE(delivered, 8);
  may_go_on = true;
  taker.join();
  EXPECT_EQ(resumed, 1);
  EXPECT_EQ(text.size(), static_cast<size_t>(delivered) + 1);
}

TEST(OrderedLanes, ManyThreadsKeepTheOrder) {
  constexpr int kLanes = 40;
  constexpr int kItems = 25;
  for (int round = 0; round < 20; ++round) {
    std::vector<int> taken;
    std::atomic<int> left = 0;
    std::atomic<int> takers = 0;
    OrderedLanes<int> lanes(
        true,
        [&](int item) {
          EXPECT_EQ(++takers, 1);
          taken.push_back(item);
          --takers;
        },
        [&] { ++left; });
    for (int lane = 0; lane < kLanes; ++lane) lanes.Open(lane);
    std::atomic<int> next = 0;
    std::vector<std::thread> producers;
    for (int t = 0; t < 3; ++t) {
      producers.emplace_back([&] {
        for (int lane = next++; lane < kLanes; lane = next++) {
          for (int i = 0; i < kItems; ++i) lanes.Deliver(lane, lane * kItems + i);
          lanes.Close(lane);
        }
      });
    }
    for (std::thread& producer : producers) producer.join();
    EXPECT_EQ(left, kLanes);
    ASSERT_EQ(taken.size(), size_t{kLanes * kItems});
    for (int i = 0; i < kLanes * kItems; ++i) ASSERT_EQ(taken[i], i);
  }
}

}  // namespace
}  // namespace windrow::exec
