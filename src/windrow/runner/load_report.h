// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windrow/plan/key_load.h"
#include "windrow/plan/move_cost.h"

namespace windrow::runner {

/// Where the rows of a join would go on so many nodes, and what moving them costs.
struct LoadReport {
  struct Side {
    std::string path;
    std::string column;
    int64_t rows = 0;
    int64_t null_keys = 0;
    double row_bytes = 0;  ///< mean, as Arrow sends a row
  };
  struct HotKey {
    std::string key;
    int64_t left_rows = 0;
    int64_t right_rows = 0;
    double share = 0;  ///< of the bytes of both sides
  };
  /// The costs on another number of nodes.
  struct AtNodes {
    int nodes = 0;
    std::vector<plan::MoveCost> costs;
  };

  /// A run of the join on nodes of this machine.
  struct Measured {
    std::string name;
    double moved_bytes = 0;
    double seconds = 0;              ///< of the whole run
    double busiest_seconds = 0;      ///< of the joining tasks on the node that had most
    std::vector<double> node_bytes;  ///< read by the joining tasks, by node
    std::string reason;              ///< what was decided, and why

    double max_over_mean() const;
  };

  std::string version;
  Side left;
  Side right;
  int nodes = 0;
  int64_t distinct_keys = 0;
  plan::Matches matches;
  int64_t heavy_keys = 0;  ///< that are spread where hot keys are handled
  std::vector<HotKey> hottest;
  plan::Spread by_hash;
  plan::Spread by_range;
  plan::Spread with_hot_keys;
  plan::ClusterRates rates;
  std::vector<plan::MoveCost> costs;
  size_t best = 0;  ///< position in `costs`
  std::vector<AtNodes> at_nodes;
  std::vector<Measured> measured;  ///< empty: nothing was run
};

/// Fills everything that follows from `load`, the nodes and the rates of `report`.
void Predict(const plan::JoinLoad& load, LoadReport* report);

/// What to do, and why, in a sentence or two.
std::string Advice(const LoadReport& report);

/// One JSON object, indented, with a final newline.
std::string ToJson(const LoadReport& report);

/// A page with pictures that needs no other file and no script.
std::string ToHtml(const LoadReport& report);

}  // namespace windrow::runner
