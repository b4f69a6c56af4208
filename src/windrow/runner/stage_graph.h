// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "windrow/plan/physical_plan.h"
#include "windrow/plan/stage_links.h"

namespace windrow::runner {

/// Which of some stages may run: each after those that make what it takes. Also knows
/// what nobody takes any more. Single-threaded.
class StageGraph {
 public:
  /// `stages` are in an order in which they could run one by one.
  explicit StageGraph(const std::vector<plan::Stage>& stages);

  /// The first stage that may start now, which counts as started; none when all have
  /// started, or wait for others to end.
  std::optional<size_t> Start();
  /// Notes that a stage that was started has ended. What it was the last to take.
  plan::StageLinks End(size_t stage);
  bool all_started() const { return num_started_ == nodes_.size(); }

 private:
  struct Node {
    plan::StageLinks taken;
    size_t waits_for = 0;           ///< stages that have not ended
    std::vector<size_t> followers;  ///< stages that wait for it
    bool is_started = false;
  };

  std::vector<Node> nodes_;
  size_t num_started_ = 0;
  std::map<int, int> join_takers_;  ///< stages that have not ended
  std::map<std::string, int> step_takers_;
};

}  // namespace windrow::runner
