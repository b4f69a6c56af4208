// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/move_cost.h"

#include <algorithm>

#include "windrow/plan/moved_bytes.h"

namespace windrow::plan {
namespace {

/// Seconds of the fullest of `nodes` when `spread` has been moved, and both sides were
/// written and read once on the way.
double ShuffleSeconds(const JoinLoad& load, const Spread& spread, int nodes,
                      const ClusterRates& rates) {
  const double all = load.left_bytes() + load.right_bytes();
  const double before =
      all / nodes * (1 / rates.partition + 1 / rates.disk + 1 / rates.disk);
  double slowest = 0;
  for (const NodeLoad& node : spread.nodes) {
    const double share = MovedByKey(node.bytes, nodes);
    const double seconds = share / rates.network +
                           node.right_rows * load.right_row_bytes / rates.build +
                           node.left_rows * load.left_row_bytes / rates.probe;
    slowest = std::max(slowest, seconds);
  }
  return before + slowest;
}

MoveCost CostOf(const char* name, const JoinLoad& load, const Spread& spread, int nodes,
                const ClusterRates& rates) {
  MoveCost cost{name, spread.moved_bytes, 0, spread.max_over_mean(), true, ""};
  cost.seconds = ShuffleSeconds(load, spread, nodes, rates);
  return cost;
}

/// The smaller side is sent to every node, whole.
MoveCost BroadcastCost(const JoinLoad& load, int nodes, const ClusterRates& rates) {
  const bool sends_right = load.right_bytes() <= load.left_bytes();
  const double sent = sends_right ? load.right_bytes() : load.left_bytes();
  const double kept = sends_right ? load.left_bytes() : load.right_bytes();
  const auto rows =
      static_cast<double>(sends_right ? load.right_rows() : load.left_rows());
  MoveCost cost;
  cost.name = "broadcast";
  cost.moved_bytes = MovedToAll(sent, nodes);
  cost.seconds = MovedByKey(sent, nodes) / rates.network + sent / rates.build +
                 kept / nodes / rates.probe;
  cost.reason = sends_right ? "the right side goes to every node"
                            : "the left side goes to every node";
  if (TableBytes(rows, sent) > rates.node_memory * kTableShare) {
    cost.is_possible = false;
    cost.reason = "its table takes more than a quarter of a node's memory";
  }
  return cost;
}

/// What is left of the left side when only rows stay whose keys the right side's filter
/// lets through.
JoinLoad Filtered(const JoinLoad& load) {
  JoinLoad left = load;
  for (KeyRows& key : left.keys) {
    if (key.right > 0) continue;
    key.left = static_cast<int64_t>(static_cast<double>(key.left) * kFilterPasses);
  }
  return left;
}

MoveCost SemiJoinCost(const JoinLoad& load, int nodes, const ClusterRates& rates) {
  double keys = 0;
  for (const KeyRows& key : load.keys) keys += key.right > 0 ? 1 : 0;
  const double filter = FilterBytes(keys);
  const JoinLoad filtered = Filtered(load);
  const Spread spread = SpreadWithHotKeys(filtered, nodes);
  MoveCost cost = CostOf("semi-join", filtered, spread, nodes, rates);
  // Brought together, and sent to every node.
  const double sent = 2 * MovedByKey(filter, nodes);
  cost.moved_bytes += sent * nodes;
  cost.seconds += sent / rates.network + load.left_bytes() / nodes / rates.probe;
  const Matches matches = MatchesOf(load);
  const auto rows = static_cast<double>(load.left_rows());
  if (rows > 0 && matches.left_rows / rows >= 0.7) {
    cost.is_possible = false;
    cost.reason = "most rows of the left side have a partner: a filter leaves them all";
  }
  return cost;
}

}  // namespace

double FilterBytes(double keys) { return keys * 1.5; }

Matches MatchesOf(const JoinLoad& load) {
  Matches matches;
  for (const KeyRows& key : load.keys) {
    if (key.left == 0 || key.right == 0) continue;
    matches.left_rows += static_cast<double>(key.left);
    matches.right_rows += static_cast<double>(key.right);
  }
  return matches;
}

std::vector<MoveCost> CostsOfMoving(const JoinLoad& load, int nodes,
                                    const ClusterRates& rates) {
  return {
      CostOf("shuffle", load, SpreadByHash(load, nodes), nodes, rates),
      CostOf("shuffle with hot keys", load, SpreadWithHotKeys(load, nodes), nodes, rates),
      BroadcastCost(load, nodes, rates), SemiJoinCost(load, nodes, rates)};
}

size_t BestOf(const std::vector<MoveCost>& costs) {
  constexpr double kAlike = 1.05;
  size_t fastest = 0;
  for (size_t i = 1; i < costs.size(); ++i) {
    if (!costs[i].is_possible) continue;
    if (costs[i].seconds < costs[fastest].seconds) fastest = i;
  }
  size_t best = fastest;
  for (size_t i = 0; i < costs.size(); ++i) {
    if (!costs[i].is_possible || costs[i].seconds > kAlike * costs[fastest].seconds) {
      continue;
    }
    const bool is_less = costs[i].moved_bytes < costs[best].moved_bytes;
    if (is_less || (costs[i].moved_bytes == costs[best].moved_bytes && i < best))
      best = i;
  }
  return best;
}

}  // namespace windrow::plan
