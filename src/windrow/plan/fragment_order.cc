// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/fragment_rows.h"

namespace windrow::plan {

std::vector<std::string> BoundsOf(const std::vector<std::vector<std::string>>& samples,
                                  const std::vector<int64_t>& rows, int partitions) {
  std::vector<std::pair<std::string, double>> keys;
  double total = 0;
  for (size_t task = 0; task < samples.size(); ++task) {
    const double weight = static_cast<double>(rows[task]) /
                          static_cast<double>(std::max<size_t>(samples[task].size(), 1));
    for (const std::string& key : samples[task]) {
      keys.emplace_back(key, weight);
      total += weight;
    }
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> bounds;
  double before = 0;
  for (const auto& [key, weight] : keys) {
    const auto wanted = static_cast<double>(bounds.size() + 1);
    if (before >= total * wanted / partitions &&
        (bounds.empty() || bounds.back() < key)) {
      bounds.push_back(key);
    }
    before += weight;
    if (static_cast<int>(bounds.size()) + 1 == partitions) break;
  }
  return bounds;
}

std::string FragmentPlanner::NewColumn() {
  return kOrderPrefix + std::to_string(next_column_++);
}

/// Rows that are ordered by their position only get columns that say it.
Status FragmentPlanner::WithOrderColumns(Rows* rows) {
  if (!rows->order.keys.empty() || !rows->order.matters) return Status::OK();
  WINDROW_CHECK(rows->order.holds());
  const std::string column = NewColumn();
  for (Part& part : rows->parts) {
    ARROW_ASSIGN_OR_RAISE(
        part.plan, MakeNode(part.plan->step, NumberRowsNode{part.plan, column, 0}));
  }
  rows->order.keys = {{column, false, false}};
  return Status::OK();
}

Status FragmentPlanner::SortWithin(const std::string& step, Rows* rows) {
  if (rows->order.within || !rows->order.matters) return Status::OK();
  rows->order.within = true;
  return OnTop(step, SortNode{nullptr, rows->order.keys, std::nullopt}, rows);
}

/// Leaves out all columns but these and those of the order.
Status FragmentPlanner::Select(const std::string& step,
                               const std::set<std::string>& columns, Rows* rows) {
  std::set<std::string> wanted = columns;
  for (const SortNode::Key& key : rows->order.keys) wanted.insert(key.column);
  std::vector<std::string> kept;
  for (const std::string& name : rows->schema().field_names()) {
    if (wanted.contains(name)) kept.push_back(name);
  }
  if (static_cast<int>(kept.size()) == rows->schema().num_fields()) return Status::OK();
  return OnTop(step, ProjectNode{nullptr, ColumnsAsTheyAre(kept)}, rows);
}

/// All rows in their order, task after task.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::Ordered(const NodePtr& node,
                                                            const std::string& purpose,
                                                            Rows rows) {
  if (rows.order.holds()) return rows;
  const auto keys = rows.order.keys;
  ARROW_ASSIGN_OR_RAISE(MaybeRows ranges, ByRanges(node, purpose, std::move(rows), keys));
  if (!ranges.has_value()) return ranges;
  ARROW_RETURN_NOT_OK(SortWithin(node->step, &*ranges));
  ranges->order.across = true;
  return ranges;
}

/// The rows of `input` in their order; what is below is not looked at again once they
/// are on their way.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceInOrder(
    const NodePtr& input, const NodePtr& node, const std::string& purpose) {
  if (Find(node, purpose) != nullptr) {
    Rows on_their_way;
    on_their_way.order = {true, {}, false, false};
    return Ordered(node, purpose, std::move(on_their_way));
  }
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(input));
  if (!rows.has_value()) return rows;
  return Ordered(node, purpose, *std::move(rows));
}

/// Rows by consecutive ranges of `keys`, a task each. Two exchanges: the rows are kept
/// where they are made until a sample of all has said where to cut.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::ByRanges(
    const NodePtr& node, const std::string& purpose, Rows rows,
    const std::vector<SortNode::Key>& keys) {
  const Exchange* whole = Find(node, purpose);
  if (whole == nullptr) {
    ExchangeSpec spec;
    spec.sort_keys = keys;
    spec.takes_sample = true;
    Start(node, purpose, std::move(rows), std::move(spec));
    return std::nullopt;
  }
  if (!whole->is_complete()) return std::nullopt;
  const int partitions = PartitionsFor(whole->bytes());
  if (partitions == 1 || whole->tasks.size() == 1) return OneTask(*whole);
  const std::string ranges_purpose = purpose + ", ranges";
  const Exchange* ranges = Find(node, ranges_purpose);
  if (ranges == nullptr) {
    std::vector<int64_t> task_rows;
    for (const auto& pieces : whole->sizes) task_rows.push_back(pieces[0].rows);
    ExchangeSpec spec;
    spec.kind = ExchangeSpec::Kind::kRange;
    spec.sort_keys = whole->spec.sort_keys;
    spec.bounds = BoundsOf(whole->samples, task_rows, partitions);
    if (spec.bounds.empty()) return OneTask(*whole);
    spec.partitions = static_cast<int>(spec.bounds.size()) + 1;
    Start(node, ranges_purpose, TaskForEach(*whole), std::move(spec));
    return std::nullopt;
  }
  if (!ranges->is_complete()) return std::nullopt;
  Rows parted = OneTask(*ranges);
  parted.parts[0].tasks = TaskForPartitions(*ranges);
  parted.order.within = ranges->order.holds();
  parted.order.across = false;
  return parted;
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::InOneTask(const NodePtr& node,
                                                              const std::string& purpose,
                                                              MaybeRows rows) {
  if (!rows.has_value() || rows->is_one_task()) return rows;
  const Exchange* exchange = Find(node, purpose);
  if (exchange == nullptr) {
    Start(node, purpose, *std::move(rows), {});
    return std::nullopt;
  }
  if (!exchange->is_complete()) return std::nullopt;
  Rows gathered = OneTask(*exchange);
  ARROW_RETURN_NOT_OK(SortWithin(node->step, &gathered));
  return gathered;
}

}  // namespace windrow::plan
