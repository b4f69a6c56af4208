// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "windrow/exec/switches.h"
#include "windrow/plan/fragment.h"
#include "windrow/plan/prepare.h"
#include "windrow/plan/reduce_tasks.h"

namespace windrow::plan {

/// What a job may use.
struct ClusterShape {
  int nodes = 1;
  int slots = 1;                            ///< of all nodes
  int64_t node_memory = int64_t{16} << 30;  ///< bytes of one node
};

/// What was decided about moving rows, for people.
struct ExchangeDecision {
  std::string step;
  std::string kind;  ///< "shuffle", "broadcast", "semi-join", "no semi-join"
  std::string reason;
  int64_t predicted_bytes = 0;  ///< that go to another node
  /// The fragments whose rows are moved by it.
  std::vector<int> fragments;
};

/// Cuts rewritten plans at exchanges and decides how rows are moved, as far as is known,
/// and goes on from the sizes of what tasks wrote. The same object serves any runner: it
/// decides, a runner only runs. Single-threaded.
///
/// The order that rows have in a run without exchanges survives: where an exchange breaks
/// it, rows carry columns that say their place (kOrderPrefix) and are sorted by them
/// where order matters again.
class FragmentPlanner {
 public:
  /// `job` outlives the planner.
  FragmentPlanner(const PreparedJob& job, const ClusterShape& shape,
                  const exec::Switches& switches);
  ~FragmentPlanner();
  FragmentPlanner(const FragmentPlanner&) = delete;
  FragmentPlanner& operator=(const FragmentPlanner&) = delete;

  /// The fragments that may start now, given the tasks that have ended since the last
  /// call. May be none while tasks run.
  Result<std::vector<Fragment>> Next(const std::vector<TaskResult>& results);
  /// True when all fragments have ended, and the sinks may be run.
  bool is_done() const { return is_done_; }
  /// Pieces that nobody will read any more, each named once.
  std::vector<Piece> TakeUnused();

  /// The plans of the job's sinks over the pieces of `sink_inputs`; once it is_done.
  const std::vector<LogicalPlan>& sink_plans() const { return sink_plans_; }
  const std::vector<PieceInput>& sink_inputs() const { return sink_inputs_; }
  /// The columns of those, by the name of the scan.
  const std::map<std::string, std::shared_ptr<arrow::Schema>>& sink_schemas() const {
    return sink_schemas_;
  }
  const std::vector<ExchangeDecision>& decisions() const { return decisions_; }

 private:
  struct Order;
  struct Part;
  struct Rows;
  struct Exchange;
  class OrderScope;
  using MaybeRows = std::optional<Rows>;
  /// Of a step, for a purpose, with rows whose order matters or does not.
  using ExchangeKey = std::tuple<const LogicalNode*, std::string, bool>;

  Result<MaybeRows> Advance(const NodePtr& node);
  Result<MaybeRows> AdvanceWhole(const NodePtr& root);
  bool AddWhole(const NodePtr& node, Part* part);
  Result<MaybeRows> AdvanceScan(const NodePtr& node, const ScanNode& scan);
  Result<MaybeRows> AdvanceProject(const NodePtr& node, const ProjectNode& project);
  Result<MaybeRows> AdvanceJoin(const NodePtr& node, const JoinNode& join);
  Result<MaybeRows> AdvanceAggregate(const NodePtr& node, const AggregateNode& aggregate);
  Status StartGroups(const NodePtr& node, const AggregateNode& aggregate, Rows rows);
  Result<MaybeRows> AdvanceCollect(const NodePtr& node, const CollectNode& collect);
  Result<MaybeRows> AdvanceSort(const NodePtr& node, const SortNode& sort);
  Result<MaybeRows> AdvanceLimit(const NodePtr& node, const LimitNode& limit);
  Result<MaybeRows> AdvanceUnion(const NodePtr& node, const UnionNode& all);
  Result<MaybeRows> AdvanceMeasurements(const NodePtr& node);
  Result<MaybeRows> AdvanceRecords(const NodePtr& node, const ProbeRecordsNode& records);

  Result<MaybeRows> AdvanceRight(const NodePtr& node, const JoinNode& join);
  Result<bool> FilterRight(const NodePtr& node, const JoinNode& join, Rows* right);
  Result<MaybeRows> Broadcast(const NodePtr& node, const JoinNode& join, Rows left,
                              const Exchange& right);
  Result<MaybeRows> Shuffle(const NodePtr& node, const JoinNode& join,
                            const Exchange& left, const Exchange& right);
  Result<bool> MayBroadcast(const NodePtr& node, const JoinNode& join, const Rows& left,
                            const Exchange& right);
  Result<NodePtr> JoinOf(const NodePtr& node, const JoinNode& join, NodePtr left,
                         NodePtr right, const Order& left_order, const Order& right_order,
                         Order* order);

  /// One more step on every part of some rows.
  template <typename Op>
  Status OnTop(const std::string& step, const Op& op, Rows* rows);
  Status WithOrderColumns(Rows* rows);
  Status SortWithin(const std::string& step, Rows* rows);
  Status Select(const std::string& step, const std::set<std::string>& columns,
                Rows* rows);

  /// An exchange that was started; it then counts as read in this call of Next.
  const Exchange* Find(const NodePtr& node, const std::string& purpose);
  const Exchange* FindKept(const std::string& step);
  /// Starts the fragments that write to a new exchange.
  Exchange& Start(const NodePtr& node, const std::string& purpose, Rows rows,
                  ExchangeSpec spec);
  Rows OneTask(const Exchange& exchange) const;
  Rows TaskForEach(const Exchange& exchange) const;
  std::vector<FragmentTask> TaskForPartitions(const Exchange& exchange) const;
  Result<MaybeRows> InOneTask(const NodePtr& node, const std::string& purpose,
                              MaybeRows rows);
  Result<MaybeRows> ByRanges(const NodePtr& node, const std::string& purpose, Rows rows,
                             const std::vector<SortNode::Key>& keys);
  Result<MaybeRows> Ordered(const NodePtr& node, const std::string& purpose, Rows rows);
  Result<MaybeRows> AdvanceInOrder(const NodePtr& input, const NodePtr& node,
                                   const std::string& purpose);
  Result<bool> AddSinkPlan(const LogicalPlan& plan);
  void FindUnused();

  int PartitionsFor(const std::optional<int64_t>& bytes) const;
  ReduceRules Rules() const;
  std::string NewColumn();

  const PreparedJob& job_;
  const ClusterShape shape_;
  const exec::Switches switches_;
  std::map<ExchangeKey, std::unique_ptr<Exchange>> exchanges_;
  std::map<int, Exchange*> exchange_of_fragment_;
  std::map<std::string, Exchange*> exchange_of_name_;
  std::map<std::string, const LogicalNode*> kept_;  ///< roots of plans without a sink
  std::map<const LogicalNode*, size_t> choices_;    ///< of joins: their decision
  std::map<const LogicalNode*, bool> semi_joins_;
  std::set<const LogicalNode*> left_split_;  ///< shuffled joins that were explained
  std::vector<Fragment> started_;            ///< since the last call of Next
  std::vector<Piece> unused_;
  std::vector<ExchangeDecision> decisions_;
  int next_fragment_ = 0;
  int next_column_ = 0;
  bool is_done_ = false;
  bool order_matters_ = true;  ///< to whoever reads the step that is looked at
  std::vector<LogicalPlan> sink_plans_;
  std::vector<PieceInput> sink_inputs_;
  std::map<std::string, std::shared_ptr<arrow::Schema>> sink_schemas_;
};

}  // namespace windrow::plan
