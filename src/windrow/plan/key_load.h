// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace windrow::plan {

// Where the rows of a join go on several nodes, and what moving them costs: pure
// functions of counts and sizes, before anything runs.

/// Rows of both sides that have one key.
struct KeyRows {
  uint64_t hash = 0;  ///< of the key; decides its node
  int64_t left = 0;
  int64_t right = 0;
};

/// Two tables that are joined on a key, without their rows that have none.
struct JoinLoad {
  std::vector<KeyRows> keys;  ///< ascending by key, none twice
  double left_row_bytes = 0;  ///< mean, as Arrow sends a row
  double right_row_bytes = 0;

  int64_t left_rows() const;
  int64_t right_rows() const;
  double left_bytes() const { return static_cast<double>(left_rows()) * left_row_bytes; }
  double right_bytes() const {
    return static_cast<double>(right_rows()) * right_row_bytes;
  }
};

/// What one node gets.
struct NodeLoad {
  double left_rows = 0;
  double right_rows = 0;
  double bytes = 0;
};

/// One way to spread rows.
struct Spread {
  std::vector<NodeLoad> nodes;
  double moved_bytes = 0;  ///< over the network, from rows spread evenly to begin with

  /// Of bytes, the fullest node to the mean; 1 for none.
  double max_over_mean() const;
};

/// Every key on the node of its hash; nodes have equal shares of the hash's range.
Spread SpreadByHash(const JoinLoad& load, int nodes);

/// Consecutive keys on each node, about as many bytes on each as whole keys allow.
Spread SpreadByRange(const JoinLoad& load, int nodes);

/// Keys with more than a `kHeavyShare` of a node's mean share are spread over the nodes
/// that have least, their other side's rows copied to each; the rest by hash. The side
/// with more bytes of a key is the one that is spread.
inline constexpr double kHeavyShare = 0.1;
Spread SpreadWithHotKeys(const JoinLoad& load, int nodes);
/// Positions in `load.keys` of those keys, most bytes first.
std::vector<size_t> HeavyKeys(const JoinLoad& load, int nodes);

}  // namespace windrow::plan
