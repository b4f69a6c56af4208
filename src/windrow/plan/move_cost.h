// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "windrow/plan/key_load.h"

namespace windrow::plan {

/// What a cluster can do. Rates are bytes a second of one node.
struct ClusterRates {
  double network = 1.25e9;
  double disk = 1e9;
  double partition = 2e9;  ///< rows to partitions, in memory
  double build = 1e9;      ///< a join's table
  double probe = 3e9;      ///< rows that are looked up in it
  double node_memory = 16e9;
};

/// One way to bring a join's sides together.
struct MoveCost {
  std::string name;  ///< "shuffle", "shuffle with hot keys", "broadcast", "semi-join"
  double moved_bytes = 0;
  double seconds = 0;        ///< by estimate, of the node that takes longest
  double max_over_mean = 1;  ///< bytes of the fullest node to the mean
  bool is_possible = true;   ///< false: `reason` says why not
  std::string reason;
};

/// Shuffle by hash; with hot keys handled; broadcast of the smaller side; a filter of the
/// keys of one side first, then a shuffle. In this order.
std::vector<MoveCost> CostsOfMoving(const JoinLoad& load, int nodes,
                                    const ClusterRates& rates);

/// The position of the one to take: the fastest of those possible; of others within a
/// twentieth the one that moves fewer bytes, the earlier of equals.
size_t BestOf(const std::vector<MoveCost>& costs);

/// Rows of each side that find a partner.
struct Matches {
  double left_rows = 0;
  double right_rows = 0;
};
Matches MatchesOf(const JoinLoad& load);

/// Bytes of the filter of so many distinct keys: a split-block Bloom filter of 12 bits a
/// key, which lets kFilterPasses of other keys through.
inline constexpr double kFilterPasses = 0.0054;
double FilterBytes(double keys);

}  // namespace windrow::plan
