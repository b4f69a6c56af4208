// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "windrow/base/byte_size.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/fragment_rows.h"
#include "windrow/plan/physical_plan.h"

namespace windrow::plan {
namespace {

/// Columns of one side that the join reads.
std::set<std::string> ColumnsOf(const JoinNode& join, bool is_right) {
  const auto& keys = is_right ? join.right_keys : join.left_keys;
  std::set<std::string> columns(keys.begin(), keys.end());
  for (const auto* from : {&join.columns, &join.condition_columns}) {
    for (const JoinColumn& column : *from) {
      if (column.is_right == is_right) columns.insert(column.input);
    }
  }
  return columns;
}

constexpr char kBroadcast[] = "broadcast";

bool KeepsLeft(JoinHow how) { return how == JoinHow::kLeft || how == JoinHow::kAnti; }
bool HasRight(JoinHow how) { return how == JoinHow::kInner || how == JoinHow::kLeft; }

/// Rows of one side to the partitions of their keys.
ExchangeSpec ByKeys(const JoinNode& join, bool is_right, int partitions) {
  ExchangeSpec spec;
  spec.kind = ExchangeSpec::Kind::kHash;
  spec.partitions = partitions;
  spec.keys = is_right ? join.right_keys : join.left_keys;
  spec.types = KeysOf(join).types;
  using NullKeys = ExchangeSpec::NullKeys;
  if (!join.nulls_equal) {
    spec.null_keys =
        !is_right && KeepsLeft(join.how) ? NullKeys::kSpread : NullKeys::kDrop;
  }
  return spec;
}

}  // namespace

/// The right side is moved first, to partitions of its keys, as that serves both ways: a
/// broadcast reads them all.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceJoin(const NodePtr& node,
                                                                const JoinNode& join) {
  const bool has_keys = !join.left_keys.empty();
  const Exchange* right = Find(node, "right");
  if (right == nullptr) {
    ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(join.right));
    if (!rows.has_value()) return rows;
    if (HasRight(join.how)) {
      ARROW_RETURN_NOT_OK(WithOrderColumns(&*rows));
    } else {
      rows->order.keys.clear();
    }
    ARROW_RETURN_NOT_OK(Select(join.right->step, ColumnsOf(join, true), &*rows));
    std::optional<int64_t> bytes;
    for (const auto& side : {join.left, join.right}) {
      if (!side->estimated_rows.has_value()) continue;
      bytes = bytes.value_or(0) +
              static_cast<int64_t>(RowBytesByType(*side->schema) *
                                   static_cast<double>(*side->estimated_rows));
    }
    const int partitions = PartitionsFor(bytes);
    Start(node, "right", *std::move(rows),
          has_keys ? ByKeys(join, true, partitions) : ExchangeSpec{});
    return std::nullopt;
  }
  if (!right->is_complete()) return std::nullopt;
  if (const Exchange* left = Find(node, "left")) {
    if (!left->is_complete()) return std::nullopt;
    return Shuffle(node, join, *left, *right);
  }
  ARROW_ASSIGN_OR_RAISE(MaybeRows left, Advance(join.left));
  if (!left.has_value()) return left;
  ARROW_ASSIGN_OR_RAISE(const bool broadcasts, MayBroadcast(node, join, *left, *right));
  if (broadcasts) return Broadcast(node, join, *std::move(left), *right);
  ARROW_RETURN_NOT_OK(WithOrderColumns(&*left));
  ARROW_RETURN_NOT_OK(Select(join.left->step, ColumnsOf(join, false), &*left));
  const Exchange& started =
      Start(node, "left", *std::move(left), ByKeys(join, false, right->spec.partitions));
  for (const int fragment : started.fragments()) {
    decisions_[choices_.at(node.get())].fragments.push_back(fragment);
  }
  return std::nullopt;
}

/// Whether every left task is better given the whole right side than its left rows moved:
/// R (n - 1) bytes against (R + S) (n - 1) / n.
Result<bool> FragmentPlanner::MayBroadcast(const NodePtr& node, const JoinNode& join,
                                           const Rows& left, const Exchange& right) {
  const auto decided = choices_.find(node.get());
  if (decided != choices_.end()) return decisions_[decided->second].kind == kBroadcast;
  const auto right_bytes = static_cast<double>(right.bytes());
  double left_bytes = 0;
  for (const Part& part : left.parts) {
    for (const FragmentTask& task : part.tasks) {
      left_bytes += static_cast<double>(task.bytes);
    }
  }
  const double nodes =
      std::min<double>(shape_.nodes, static_cast<double>(left.num_tasks()));
  const double shuffled = (right_bytes + left_bytes) * (nodes - 1) / nodes;
  const double broadcast = right_bytes * (nodes - 1);
  // A pointer and a half a row, and a directory, beside the rows themselves.
  const double table = right_bytes * 1.3 + static_cast<double>(right.rows()) * 16 / 0.7;
  const double most = static_cast<double>(shape_.node_memory) / 4;
  const auto text = [](double bytes) {
    return FormatByteSize(static_cast<int64_t>(bytes));
  };
  std::ostringstream reason;
  reason << "right " << text(right_bytes) << ", left about " << text(left_bytes) << ", "
         << nodes << " nodes: broadcast moves " << text(broadcast) << ", shuffle "
         << text(shuffled);
  bool is_broadcast = broadcast <= shuffled;
  if (join.left_keys.empty()) {
    is_broadcast = true;
    reason << "; without keys every pair of rows is looked at";
  } else if (is_broadcast && table > most) {
    is_broadcast = false;
    reason << "; the right side would take " << text(table) << " of each node, more than "
           << text(most);
  }
  decisions_.push_back({node->step, is_broadcast ? kBroadcast : "shuffle", reason.str(),
                        static_cast<int64_t>(is_broadcast ? broadcast : shuffled),
                        right.fragments()});
  choices_[node.get()] = decisions_.size() - 1;
  return is_broadcast;
}

/// The same join over other inputs, with the columns of the order.
Result<NodePtr> FragmentPlanner::JoinOf(const NodePtr& node, const JoinNode& join,
                                        NodePtr left, NodePtr right,
                                        const Order& left_order, const Order& right_order,
                                        Order* order) {
  JoinNode with_order = join;
  with_order.left = std::move(left);
  with_order.right = std::move(right);
  std::vector<JoinColumn> right_columns;
  std::erase_if(with_order.columns, [&](const JoinColumn& column) {
    if (column.is_right) right_columns.push_back(column);
    return column.is_right;
  });
  order->keys = left_order.keys;
  for (const SortNode::Key& key : left_order.keys) {
    with_order.columns.push_back({false, key.column, key.column});
  }
  for (JoinColumn& column : right_columns) {
    with_order.columns.push_back(std::move(column));
  }
  if (HasRight(join.how)) {
    for (const SortNode::Key& key : right_order.keys) {
      with_order.columns.push_back({true, key.column, key.column});
      order->keys.push_back(key);
    }
  }
  return MakeNode(node->step, std::move(with_order));
}

/// The join runs where the left rows are, which stay in their order.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::Broadcast(const NodePtr& node,
                                                              const JoinNode& join,
                                                              Rows left,
                                                              const Exchange& right) {
  // Rows with equal keys are in one partition, so those that join one left row come in
  // the order of tasks; and in the right side's if tasks do.
  Rows whole = OneTask(right);
  whole.order.within = right.order.holds();
  if (HasRight(join.how)) ARROW_RETURN_NOT_OK(SortWithin(node->step, &whole));
  const Part& read = whole.parts[0];
  ARROW_RETURN_NOT_OK(WithOrderColumns(&left));
  Order order = left.order;
  for (Part& part : left.parts) {
    ARROW_ASSIGN_OR_RAISE(part.plan, JoinOf(node, join, part.plan, read.plan, left.order,
                                            right.order, &order));
    part.inputs.insert(read.inputs.begin(), read.inputs.end());
    for (FragmentTask& task : part.tasks) {
      task.inputs.push_back(read.tasks[0].inputs[0]);
    }
  }
  left.order = std::move(order);
  return left;
}

/// A task for each partition of the keys.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::Shuffle(const NodePtr& node,
                                                            const JoinNode& join,
                                                            const Exchange& left,
                                                            const Exchange& right) {
  const auto in_order = [&](const Exchange& exchange) -> Result<Rows> {
    Rows rows = OneTask(exchange);
    rows.order.within = exchange.order.holds();
    if (!rows.order.keys.empty()) ARROW_RETURN_NOT_OK(SortWithin(node->step, &rows));
    return rows;
  };
  ARROW_ASSIGN_OR_RAISE(Rows joined, in_order(left));
  ARROW_ASSIGN_OR_RAISE(const Rows right_rows, in_order(right));
  Part& part = joined.parts[0];
  Order order;
  ARROW_ASSIGN_OR_RAISE(part.plan, JoinOf(node, join, part.plan, right_rows.parts[0].plan,
                                          left.order, right.order, &order));
  part.inputs.insert(right_rows.parts[0].inputs.begin(),
                     right_rows.parts[0].inputs.end());
  part.tasks = TaskForPartitions({&left, &right});
  joined.order = {std::move(order.keys), true, false};
  return joined;
}

}  // namespace windrow::plan
