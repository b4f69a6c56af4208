// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "windrow/base/byte_size.h"
#include "windrow/plan/broadcast_choice.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/fragment_rows.h"
#include "windrow/plan/physical_plan.h"
#include "windrow/plan/reduce_tasks.h"
#include "windrow/plan/scan_path.h"

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

// Exchanges of a join.
constexpr char kLeft[] = "left";
constexpr char kLeftKeys[] = "left keys";
constexpr char kRight[] = "right";

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
  const Exchange* right = Find(node, kRight);
  if (right == nullptr) return AdvanceRight(node, join);
  if (!right->is_complete()) return std::nullopt;
  if (const Exchange* left = Find(node, kLeft)) {
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
      Start(node, kLeft, *std::move(left), ByKeys(join, false, right->spec.partitions));
  for (const int fragment : started.fragments()) {
    decisions_[choices_.at(node.get())].fragments.push_back(fragment);
  }
  return std::nullopt;
}

/// Starts to move the right side.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceRight(const NodePtr& node,
                                                                 const JoinNode& join) {
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(join.right));
  if (!rows.has_value()) return rows;
  ARROW_ASSIGN_OR_RAISE(const bool is_filtered, FilterRight(node, join, &*rows));
  if (!is_filtered) return std::nullopt;
  if (HasRight(join.how) && order_matters_) {
    ARROW_RETURN_NOT_OK(WithOrderColumns(&*rows));
  } else {
    rows->order.keys.clear();
  }
  ARROW_RETURN_NOT_OK(Select(join.right->step, ColumnsOf(join, true), &*rows));
  std::optional<int64_t> bytes;
  for (const NodePtr& side : {join.left, join.right}) {
    if (!side->estimated_rows.has_value()) continue;
    bytes = bytes.value_or(0) +
            static_cast<int64_t>(RowBytesByType(*side->schema) *
                                 static_cast<double>(*side->estimated_rows));
  }
  Start(
      node, kRight, *std::move(rows),
      join.left_keys.empty() ? ExchangeSpec{} : ByKeys(join, true, PartitionsFor(bytes)));
  return std::nullopt;
}

/// Where the left keys cost little to read, and are few beside the right rows, they go to
/// the right side's tasks first, so that rows without a partner are not moved. That is
/// legal whichever join it is, as none keeps such rows. False while the keys are fetched.
Result<bool> FragmentPlanner::FilterRight(const NodePtr& node, const JoinNode& join,
                                          Rows* right) {
  const std::optional<ScanPath> left_path = ScanPathOf(join.left);
  const int64_t right_rows = join.right->estimated_rows.value_or(0);
  const double right_bytes =
      RowBytesByType(*join.right->schema) * static_cast<double>(right_rows);
  if (!switches_.send_keys || join.left_keys.empty() || join.nulls_equal ||
      !left_path.has_value() || !left_path->scan->table->is_repeatable() ||
      right_bytes < static_cast<double>(switches_.piece_bytes)) {
    return true;
  }
  const Exchange* keys = Find(node, kLeftKeys);
  if (keys == nullptr) {
    ARROW_ASSIGN_OR_RAISE(MaybeRows left, Advance(join.left));
    if (!left.has_value()) return false;
    left->order.keys.clear();
    const std::set<std::string> names(join.left_keys.begin(), join.left_keys.end());
    ARROW_RETURN_NOT_OK(Select(join.left->step, names, &*left));
    ARROW_RETURN_NOT_OK(
        OnTop(join.left->step, AggregateNode{nullptr, join.left_keys, {}}, &*left));
    Start(node, kLeftKeys, *std::move(left), {});
    return false;
  }
  if (!keys->is_complete()) return false;
  // Beyond this the filter costs about what it saves.
  constexpr double kMostPassing = 0.7;
  const double passing =
      static_cast<double>(keys->rows()) / static_cast<double>(right_rows);
  const auto sent =
      static_cast<int64_t>(static_cast<double>(keys->bytes()) * (shape_.nodes - 1));
  const bool pays =
      passing < kMostPassing && static_cast<double>(sent) < right_bytes * (1 - passing);
  if (!semi_joins_.contains(node.get())) {
    semi_joins_[node.get()] = pays;
    std::ostringstream reason;
    reason << keys->rows() << " left keys, " << right_rows << " right rows"
           << (pays ? "" : "; too many keys to leave rows out");
    decisions_.push_back({node->step, pays ? "semi-join" : "no semi-join", reason.str(),
                          pays ? sent : 0, keys->fragments()});
  }
  if (!semi_joins_.at(node.get())) return true;
  JoinNode semi;
  semi.left_keys = join.right_keys;
  semi.right_keys = join.left_keys;
  semi.how = JoinHow::kSemi;
  for (const std::string& name : right->schema().field_names()) {
    semi.columns.push_back({false, name, name});
  }
  const Rows read = OneTask(*keys);
  for (Part& part : right->parts) {
    semi.left = part.plan;
    semi.right = read.parts[0].plan;
    ARROW_ASSIGN_OR_RAISE(part.plan, MakeNode(node->step, semi));
    part.inputs.insert(read.parts[0].inputs.begin(), read.parts[0].inputs.end());
    for (FragmentTask& task : part.tasks) {
      task.inputs.push_back(read.parts[0].tasks[0].inputs[0]);
    }
  }
  return true;
}

/// Whether every left task is better given the whole right side than its left rows moved.
Result<bool> FragmentPlanner::MayBroadcast(const NodePtr& node, const JoinNode& join,
                                           const Rows& left, const Exchange& right) {
  const auto decided = choices_.find(node.get());
  if (decided != choices_.end()) return decisions_[decided->second].kind == kBroadcast;
  // What a scan's types, and the filters above it, say of its bytes.
  constexpr double kDoubt = 1.25;
  double left_bytes = 0;
  for (const Part& part : left.parts) {
    for (const FragmentTask& task : part.tasks) {
      left_bytes += static_cast<double>(task.bytes);
    }
  }
  JoinSizes sizes;
  sizes.how = join.how;
  sizes.has_keys = !join.left_keys.empty();
  sizes.left = {0, left_bytes, kDoubt};
  sizes.right = {static_cast<double>(right.rows()), static_cast<double>(right.bytes())};
  sizes.nodes = std::min(shape_.nodes, static_cast<int>(left.num_tasks()));
  sizes.node_memory = static_cast<double>(shape_.node_memory);
  sizes.may_send_left = false;
  BroadcastChoice choice = ChooseBroadcast(sizes);
  if (!switches_.broadcast && sizes.has_keys) choice.way = MoveWay::kShuffle;
  const bool is_broadcast = choice.way == MoveWay::kBroadcastRight;
  decisions_.push_back({node->step, is_broadcast ? kBroadcast : "shuffle", choice.reason,
                        static_cast<int64_t>(choice.moved_bytes()), right.fragments()});
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

/// Tasks that each have some partitions of the keys, or a share of one that is large:
/// half of all rows may have one key.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::Shuffle(const NodePtr& node,
                                                            const JoinNode& join,
                                                            const Exchange& left,
                                                            const Exchange& right) {
  Rows joined = OneTask(left);
  const Rows right_rows = OneTask(right);
  Part& part = joined.parts[0];
  Order order;
  ARROW_ASSIGN_OR_RAISE(part.plan, JoinOf(node, join, part.plan, right_rows.parts[0].plan,
                                          left.order, right.order, &order));
  part.inputs.insert(right_rows.parts[0].inputs.begin(),
                     right_rows.parts[0].inputs.end());
  part.tasks.clear();
  MaySplit may_split = join.how == JoinHow::kInner ? MaySplit::kEither : MaySplit::kLeft;
  if (!switches_.split_partitions) may_split = MaySplit::kNone;
  const auto tasks = ReduceTasksOf(left.sizes, right.sizes, may_split, Rules());
  bool is_in_order = left.order.holds() && right.order.holds();
  for (const ReduceTask& task : tasks) {
    is_in_order &= task.partitions.end - task.partitions.begin == 1;
    part.tasks.push_back({std::nullopt,
                          {left.InputOf(task.partitions, task.left),
                           right.InputOf(task.partitions, task.right)},
                          0,
                          task.bytes});
  }
  joined.order = {left.order.matters, std::move(order.keys), is_in_order, false};
  if (left_split_.insert(node.get()).second) {
    const auto whole = ReduceTasksOf(left.sizes, right.sizes, MaySplit::kNone, Rules());
    std::ostringstream text;
    text.precision(3);
    text << "; " << tasks.size() << " tasks, rows per node at most "
         << BalanceOf(tasks, shape_.nodes).rows << " times the mean, "
         << BalanceOf(whole, shape_.nodes).rows << " with whole partitions";
    const int64_t repeated = RepeatedBytes(tasks, left.sizes, right.sizes);
    if (repeated > 0) text << "; they read " << FormatByteSize(repeated) << " again";
    decisions_[choices_.at(node.get())].reason += text.str();
  }
  return joined;
}

}  // namespace windrow::plan
