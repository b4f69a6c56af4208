// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "windrow/exec/switches.h"
#include "windrow/plan/late_scan.h"
#include "windrow/plan/logical_plan.h"
#include "windrow/plan/physical_plan.h"

namespace windrow::plan {

/// How a join is done, and why.
struct JoinChoice {
  bool builds_left = false;  ///< the left side is built and the right side's keys stream
  bool sends_keys = false;   ///< the right side is asked for rows with the left keys only
  bool checks_keys = false;  ///< first look whether the right keys count up by one
  std::string strategy;
  std::string reason;
};

/// Turns rewritten logical plans into stages, as far as is known, and goes on from the
/// results of stages that ran. The same object serves any runner: it decides, a runner
/// only runs. Single-threaded.
class Planner {
 public:
  /// `plans` are rewritten.
  Planner(std::vector<LogicalPlan> plans, const exec::Switches& switches);

  /// The stages to run now, in this order; empty when all is done. `results` has one
  /// entry for each stage of the previous call.
  Result<std::vector<Stage>> Next(const std::vector<StageResult>& results);

  /// What is decided about a join before anything ran.
  JoinChoice ChoiceOf(const LogicalNode& join) const;

 private:
  struct Lowered;  ///< a pipeline under construction

  void FindInputChecks(const NodePtr& node);
  std::vector<Stage> KeyChecks();
  void AddKeyOrderStages(std::vector<Stage>* stages);
  Result<Lowered> Lower(const NodePtr& node, std::vector<Stage>* stages);
  Result<Lowered> LowerJoin(const LogicalNode& node, const JoinNode& join,
                            std::vector<Stage>* stages);
  Result<Lowered> LowerCollect(const LogicalNode& node, const CollectNode& collect,
                               std::vector<Stage>* stages);
  Result<Lowered> LowerUnion(const LogicalNode& node, const UnionNode& all,
                             std::vector<Stage>* stages);
  Result<Lowered> LowerAggregate(const LogicalNode& node, const AggregateNode& aggregate,
                                 std::vector<Stage>* stages);
  Result<Lowered> LowerSide(const NodePtr& side, const std::vector<std::string>& keys,
                            std::vector<Stage>* stages);
  Stage Add(decltype(Stage::kind) kind);

  std::optional<LateScan> LateSide(const NodePtr& side) const;
  bool MaySendKeys(const JoinNode& join) const;

  std::vector<LogicalPlan> plans_;
  exec::Switches switches_;
  std::map<const LogicalNode*, int> join_ids_;
  std::vector<const LogicalNode*> collects_;
  std::map<int, const LogicalNode*> collect_of_check_;  ///< by stage id
  std::map<const LogicalNode*, KeyOrder> key_orders_;
  std::map<int, int> join_of_check_;    ///< stage id to join
  std::map<int, bool> identity_joins_;  ///< and whether the payload is resident
  int next_stage_ = 0;
  enum class Phase { kCheckKeys, kRun, kDone } phase_ = Phase::kCheckKeys;
};

}  // namespace windrow::plan
