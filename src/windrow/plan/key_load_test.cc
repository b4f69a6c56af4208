// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/key_load.h"

#include <gmock/gmock.h>

#include <numeric>
#include <random>

#include "windrow/plan/move_cost.h"

namespace windrow::plan {
namespace {

uint64_t Hash(uint64_t key) {
  key = (key + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9;
  key = (key ^ (key >> 27)) * 0x94D049BB133111EB;
  return key ^ (key >> 31);
}

/// `keys` keys with a row on the right each and `rows` on the left, a share `hot` of them
/// of the first key.
JoinLoad Clicks(int64_t keys, int64_t rows, double hot) {
  JoinLoad load;
  load.left_row_bytes = 16;
  load.right_row_bytes = 14;
  const auto hot_rows = static_cast<int64_t>(hot * static_cast<double>(rows));
  for (int64_t key = 0; key < keys; ++key) {
    load.keys.push_back({Hash(key), (rows - hot_rows) / keys, 1});
  }
  load.keys[0].left += hot_rows;
  return load;
}

/// All rows of the side that is not copied are on exactly one node.
void ExpectAllRows(const JoinLoad& load, const Spread& spread) {
  double left = 0;
  double bytes = 0;
  for (const NodeLoad& node : spread.nodes) {
    EXPECT_GE(node.left_rows, 0);
    EXPECT_GE(node.right_rows, 0);
    left += node.left_rows;
    bytes += node.bytes;
    EXPECT_NEAR(
        node.bytes,
        node.left_rows * load.left_row_bytes + node.right_rows * load.right_row_bytes,
        1e-6 * (1 + node.bytes));
  }
  EXPECT_NEAR(left, static_cast<double>(load.left_rows()), 1e-3 * (1 + left));
  EXPECT_GE(bytes, 0.999 * (load.left_bytes() + load.right_bytes()));
}

TEST(KeyLoad, HalfOfTheRowsOnOneKey) {
  const JoinLoad load = Clicks(100'000, 2'000'000, 0.5);
  for (const auto& [nodes, by_hash] :
       std::vector<std::pair<int, double>>{{4, 2.5}, {10, 5.5}, {32, 16.5}}) {
    // Rows of users make the mean a little larger than the clicks alone.
    EXPECT_NEAR(SpreadByHash(load, nodes).max_over_mean(), by_hash, 0.05 * by_hash);
    const Spread handled = SpreadWithHotKeys(load, nodes);
    EXPECT_LE(handled.max_over_mean(), 1.1) << nodes;
    ExpectAllRows(load, handled);
    EXPECT_LT(handled.moved_bytes, SpreadByHash(load, nodes).moved_bytes);
    EXPECT_EQ(HeavyKeys(load, nodes), std::vector<size_t>{0});
  }
}

TEST(KeyLoad, OneNodeMovesNothing) {
  const JoinLoad load = Clicks(1000, 50'000, 0.9);
  for (const Spread& spread :
       {SpreadByHash(load, 1), SpreadByRange(load, 1), SpreadWithHotKeys(load, 1)}) {
    EXPECT_EQ(spread.moved_bytes, 0);
    EXPECT_DOUBLE_EQ(spread.max_over_mean(), 1);
    ExpectAllRows(load, spread);
  }
}

TEST(KeyLoad, NoRowsAreNoLoad) {
  const JoinLoad none;
  for (const Spread& spread :
       {SpreadByHash(none, 8), SpreadByRange(none, 8), SpreadWithHotKeys(none, 8)}) {
    EXPECT_EQ(spread.nodes.size(), 8u);
    EXPECT_EQ(spread.max_over_mean(), 1);
    EXPECT_EQ(spread.moved_bytes, 0);
  }
}

TEST(KeyLoad, RandomLoadsToAThousandNodes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    JoinLoad load;
    load.left_row_bytes = 1 + static_cast<double>(random() % 200);
    load.right_row_bytes = 1 + static_cast<double>(random() % 200);
    const auto keys = static_cast<int64_t>(1 + random() % 5000);
    for (int64_t key = 0; key < keys; ++key) {
      const auto hot = random() % 500 == 0 ? int64_t{100'000} : int64_t{20};
      load.keys.push_back({random(), static_cast<int64_t>(random() % hot),
                           static_cast<int64_t>(random() % 10)});
    }
    const int nodes = static_cast<int>(1 + random() % 1000);
    ExpectAllRows(load, SpreadByHash(load, nodes));
    ExpectAllRows(load, SpreadByRange(load, nodes));
    const Spread handled = SpreadWithHotKeys(load, nodes);
    if (load.left_row_bytes > 0) {
      // A key is poured by whichever side has more bytes, so only sums of bytes hold.
      double bytes = 0;
      for (const NodeLoad& node : handled.nodes) bytes += node.bytes;
      EXPECT_GE(bytes, 0.999 * (load.left_bytes() + load.right_bytes()));
    }
    EXPECT_LE(handled.max_over_mean(), SpreadByHash(load, nodes).max_over_mean() + 0.2);
  }
}

/// One row a key on both sides, evenly.
JoinLoad Even(int64_t left, int64_t right, double left_bytes, double right_bytes) {
  JoinLoad load;
  constexpr int64_t kKeys = 10'000;
  for (int64_t key = 0; key < kKeys; ++key) load.keys.push_back({Hash(key), left, right});
  load.left_row_bytes = left_bytes / static_cast<double>(left * kKeys);
  load.right_row_bytes = right_bytes / static_cast<double>(right * kKeys);
  return load;
}

TEST(MoveCost, BroadcastMovesLessExactlyBelowAShareOfTheOtherSide) {
  // R < S / (n - 1): 1 GB and 12 GB to 100 GB on 10 nodes.
  for (const auto& [right, is_less] :
       std::vector<std::pair<double, bool>>{{1e9, true}, {11e9, true}, {12e9, false}}) {
    const auto costs =
        CostsOfMoving(Even(100, 10, 100e9, right), 10, {.node_memory = 1e12});
    EXPECT_NEAR(costs[0].moved_bytes, (100e9 + right) * 0.9, 1e6);
    EXPECT_NEAR(costs[2].moved_bytes, right * 9, 1);
    EXPECT_EQ(costs[2].moved_bytes < costs[0].moved_bytes, is_less) << right;
  }
}

TEST(MoveCost, WhatDoesNotFitIsNotBroadcast) {
  const JoinLoad load = Even(100, 10, 1000e9, 10e9);
  const auto costs = CostsOfMoving(load, 20, {.node_memory = 16e9});
  EXPECT_FALSE(costs[2].is_possible);
  EXPECT_THAT(costs[2].reason, testing::HasSubstr("memory"));
  EXPECT_NE(BestOf(costs), 2u);
  EXPECT_EQ(BestOf(CostsOfMoving(load, 20, {.node_memory = 1e12})), 2u);
}

TEST(MoveCost, AFilterPaysWhereFewRowsHaveAPartner) {
  JoinLoad load = Even(100, 1, 100e9, 20e9);
  EXPECT_FALSE(CostsOfMoving(load, 10, {})[3].is_possible);
  for (size_t i = 0; i < load.keys.size(); ++i) load.keys[i].right = i % 20 == 0 ? 20 : 0;
  const auto costs = CostsOfMoving(load, 10, {});
  EXPECT_TRUE(costs[3].is_possible);
  EXPECT_LT(costs[3].moved_bytes, 0.3 * costs[0].moved_bytes);
  EXPECT_EQ(BestOf(costs), 3u);
}

TEST(MoveCost, HotKeysAreHandledWhereTheyAreTooMany) {
  // Users that do not fit a node, so that they cannot be broadcast.
  JoinLoad load = Clicks(100'000, 2'000'000'000, 0.5);
  load.right_row_bytes = 1e6;
  const ClusterRates rates;
  for (const int nodes : {4, 32, 256}) {
    const auto costs = CostsOfMoving(load, nodes, rates);
    EXPECT_FALSE(costs[2].is_possible);
    EXPECT_LE(costs[1].seconds, costs[0].seconds) << nodes;
    EXPECT_EQ(BestOf(costs), 1u) << nodes;
  }
}

}  // namespace
}  // namespace windrow::plan
