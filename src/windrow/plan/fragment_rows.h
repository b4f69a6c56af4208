// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/reduce_tasks.h"

// What FragmentPlanner holds while it cuts plans. Private to its files.
namespace windrow::plan {

/// How columns are called that say a row's place in the order of a run without exchanges.
inline constexpr char kOrderPrefix[] = "__order_";

/// The order rows have. Without keys it is their position: task after task, row after
/// row.
struct FragmentPlanner::Order {
  bool matters = true;  ///< else rows come in any order, and nothing follows from below
  std::vector<SortNode::Key> keys;  ///< columns of kOrderPrefix
  bool within = true;               ///< the rows of each task come in this order
  bool across = true;               ///< those of each task before those of the next

  bool holds() const { return !matters || (within && across); }
};

/// Some rows by a plan that is not cut yet: a fragment without its exchange.
struct FragmentPlanner::Part {
  NodePtr plan;
  std::vector<std::string> sources;
  std::map<std::string, std::shared_ptr<arrow::Schema>> inputs;
  bool on_driver = false;
  std::vector<FragmentTask> tasks;
  bool is_whole = false;
};

/// The rows of a step. All parts have the same columns; tasks count through them.
struct FragmentPlanner::Rows {
  std::vector<Part> parts;
  Order order;

  bool is_one_task() const { return parts.size() == 1 && parts[0].tasks.size() == 1; }
  size_t num_tasks() const {
    size_t tasks = 0;
    for (const Part& part : parts) tasks += part.tasks.size();
    return tasks;
  }
  const arrow::Schema& schema() const { return *parts[0].plan->schema; }
};

/// Rows that are moved, or that are kept for several readers.
struct FragmentPlanner::Exchange {
  std::string name;  ///< of the scan that reads them
  ExchangeSpec spec;
  std::shared_ptr<arrow::Schema> schema;
  Order order;
  std::vector<std::pair<int, int>> tasks;  ///< fragment and task, in order
  std::map<std::pair<int, int>, size_t> place;
  std::vector<std::vector<PieceSize>> sizes;  ///< by task and partition
  std::vector<std::vector<std::string>> samples;
  size_t ended = 0;
  std::vector<const Exchange*> inputs;  ///< that its tasks read
  bool is_partial = false;  ///< of an aggregate: groups of each task, not rows
  bool is_read = false;     ///< by what is still to be started, as of the last look
  bool is_unused = false;   ///< by anyone

  bool is_complete() const { return ended == tasks.size(); }
  std::vector<int> fragments() const;
  int64_t rows() const;
  int64_t bytes() const;  ///< of pieces with rows, which alone are read
  /// Those of the pieces that have rows.
  PieceInput InputOf(IndexRange partitions, IndexRange map_tasks) const;
  Piece PieceAt(size_t task, int partition) const {
    return {tasks[task].first, tasks[task].second, partition};
  }
};

/// While it lives, steps are looked at by someone to whom the order of their rows
/// matters, or not.
class FragmentPlanner::OrderScope {
 public:
  OrderScope(FragmentPlanner* planner, bool matters)
      : planner_(planner), before_(planner->order_matters_) {
    planner_->order_matters_ = matters;
  }
  ~OrderScope() { planner_->order_matters_ = before_; }
  OrderScope(const OrderScope&) = delete;
  OrderScope& operator=(const OrderScope&) = delete;

 private:
  FragmentPlanner* planner_;
  bool before_;
};

template <typename Op>
Status FragmentPlanner::OnTop(const std::string& step, const Op& op, Rows* rows) {
  for (Part& part : rows->parts) {
    Op on_part = op;
    on_part.input = part.plan;
    ARROW_ASSIGN_OR_RAISE(part.plan, MakeNode(step, std::move(on_part)));
  }
  return Status::OK();
}

/// The exchange of a plan without a sink.
inline constexpr char kKeep[] = "keep";

/// A scan of all columns of pieces that a task is given under this name.
Result<NodePtr> ScanOf(const std::string& name,
                       const std::shared_ptr<arrow::Schema>& schema);

/// The columns as they are.
std::vector<ProjectNode::Column> ColumnsAsTheyAre(const std::vector<std::string>& names);

/// Bytes of a row of these columns in memory, by their types alone.
double RowBytesByType(const arrow::Schema& schema);

/// Keys between equal shares of the rows that samples stand for; fewer where keys repeat.
std::vector<std::string> BoundsOf(const std::vector<std::vector<std::string>>& samples,
                                  const std::vector<int64_t>& rows, int partitions);

}  // namespace windrow::plan
