// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "windrow/column/key_type.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/fragment_rows.h"

namespace windrow::plan {
namespace {

using column::Aggregate;
using Columns = std::vector<AggregateNode::Column>;

/// An aggregate in two steps: of the rows of each task, then of what those gave.
struct TwoSteps {
  Columns partial;
  Columns final;
  std::vector<ProjectNode::Column> outputs;  ///< out of what the final one gives
};

std::string PartName(size_t column, const char* what) {
  return "__part_" + std::to_string(column) + what;
}

/// A sum of these cannot overflow where an average of them does not.
bool HasSafeSum(const arrow::DataType& type) {
  const auto id = column::ValueType(type.GetSharedPtr())->id();
  if (arrow::is_floating(id)) return true;
  return arrow::is_integer(id) && id != arrow::Type::INT64 && id != arrow::Type::UINT64;
}

/// Nothing where the rows themselves have to come together.
std::optional<TwoSteps> InTwoSteps(const AggregateNode& aggregate, bool tasks_in_order) {
  TwoSteps steps;
  for (const std::string& key : aggregate.keys) {
    steps.outputs.push_back({key, Expr::Column(key)});
  }
  for (size_t i = 0; i < aggregate.columns.size(); ++i) {
    const auto& [name, function, argument] = aggregate.columns[i];
    const std::string part = PartName(i, "");
    Aggregate merge = function;
    switch (function) {
      case Aggregate::kCountRows:
      case Aggregate::kCount:
        merge = Aggregate::kSum;
        break;
      case Aggregate::kLast:
        if (!tasks_in_order) return std::nullopt;
        break;
      case Aggregate::kAvg: {
        const auto field = aggregate.input->schema->GetFieldByName(argument);
        if (!HasSafeSum(*field->type())) return std::nullopt;
        const std::string count = PartName(i, "_count");
        steps.partial.push_back({part, Aggregate::kSum, argument});
        steps.partial.push_back({count, Aggregate::kCount, argument});
        steps.final.push_back({part, Aggregate::kSum, part});
        steps.final.push_back({count, Aggregate::kSum, count});
        const auto as_double = [](const std::string& column) {
          return Expr::Cast(Expr::Column(column), arrow::float64());
        };
        steps.outputs.push_back(
            {name, Expr::Call("/", {as_double(part), as_double(count)})});
        continue;
      }
      case Aggregate::kCountDistinct:
        return std::nullopt;
      default:
        break;
    }
    steps.partial.push_back({part, function, argument});
    steps.final.push_back({part, merge, part});
    steps.outputs.push_back({name, Expr::Column(part)});
  }
  return steps;
}

void AddOrder(const std::vector<SortNode::Key>& order, Columns* columns) {
  for (const SortNode::Key& key : order) {
    columns->push_back({key.column, Aggregate::kFirst, key.column});
  }
}

bool NeedsOrder(const AggregateNode& aggregate) {
  return std::any_of(aggregate.columns.begin(), aggregate.columns.end(),
                     [](const AggregateNode::Column& column) {
                       return column.function == Aggregate::kFirst ||
                              column.function == Aggregate::kLast;
                     });
}

/// The keys whose values have a hash; one is enough to bring a group's rows together.
ExchangeSpec ByGroup(const AggregateNode& aggregate, const arrow::Schema& schema,
                     int partitions) {
  ExchangeSpec spec;
  for (const std::string& key : aggregate.keys) {
    const auto type = schema.GetFieldByName(key)->type();
    auto common = column::CommonKeyType(*type, *type);
    if (!common.ok()) continue;
    spec.keys.push_back(key);
    spec.types.push_back(*std::move(common));
  }
  if (spec.keys.empty()) return {};
  spec.kind = ExchangeSpec::Kind::kHash;
  spec.partitions = partitions;
  return spec;
}

}  // namespace

/// Groups come in the order of their first rows, so a group keeps its first row's place.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceAggregate(
    const NodePtr& node, const AggregateNode& aggregate) {
  const Exchange* groups = Find(node, "groups");
  if (groups == nullptr) {
    const bool has_order = order_matters_ && !aggregate.keys.empty();
    MaybeRows rows;
    {
      const OrderScope scope(this, has_order || NeedsOrder(aggregate));
      ARROW_ASSIGN_OR_RAISE(rows, Advance(aggregate.input));
    }
    if (!rows.has_value()) return rows;
    if (!rows->is_one_task()) {
      ARROW_RETURN_NOT_OK(StartGroups(node, aggregate, *std::move(rows)));
      return std::nullopt;
    }
    ARROW_RETURN_NOT_OK(SortWithin(node->step, &*rows));
    ARROW_RETURN_NOT_OK(OnTop(node->step, aggregate, &*rows));
    rows->order = {};
    return rows;
  }
  if (!groups->is_complete()) return std::nullopt;
  Rows rows = OneTask(*groups);
  rows.order.within = groups->order.holds();
  const bool is_one_task = groups->spec.partitions == 1;
  if (!is_one_task) {
    rows.parts[0].tasks.clear();
    const IndexRange all{0, static_cast<int>(groups->tasks.size())};
    int64_t first_row = 0;
    for (const ReduceTask& task : ReduceTasksOf(groups->sizes, Rules())) {
      // Rows of several partitions come in turns, task by task.
      rows.order.within &= task.partitions.end - task.partitions.begin == 1;
      rows.parts[0].tasks.push_back(
          {std::nullopt, {groups->InputOf(task.partitions, all)}, first_row, task.bytes});
      first_row += task.rows;
    }
  }
  ARROW_RETURN_NOT_OK(SortWithin(node->step, &rows));
  // Whether tasks come in order was asked when they were started.
  std::optional<TwoSteps> steps;
  if (groups->is_partial) steps = InTwoSteps(aggregate, /*tasks_in_order=*/true);
  Columns columns = steps.has_value() ? steps->final : aggregate.columns;
  AddOrder(rows.order.keys, &columns);
  ARROW_RETURN_NOT_OK(OnTop(
      node->step, AggregateNode{nullptr, aggregate.keys, std::move(columns)}, &rows));
  if (steps.has_value()) {
    for (const SortNode::Key& key : rows.order.keys) {
      steps->outputs.push_back({key.column, Expr::Column(key.column)});
    }
    ARROW_RETURN_NOT_OK(OnTop(node->step, ProjectNode{nullptr, steps->outputs}, &rows));
  }
  rows.order.across = is_one_task;
  return rows;
}

/// Rows to the tasks of their groups; what those rows give, where that is enough.
Status FragmentPlanner::StartGroups(const NodePtr& node, const AggregateNode& aggregate,
                                    Rows rows) {
  std::optional<TwoSteps> steps = InTwoSteps(aggregate, rows.order.across);
  ARROW_RETURN_NOT_OK(WithOrderColumns(&rows));
  std::optional<int64_t> bytes;
  if (node->estimated_rows.has_value() && steps.has_value()) {
    bytes = static_cast<int64_t>(RowBytesByType(*node->schema) *
                                 static_cast<double>(*node->estimated_rows));
  }
  const int partitions = aggregate.keys.empty() ? 1 : PartitionsFor(bytes);
  const std::vector<SortNode::Key> order = rows.order.keys;
  if (!steps.has_value()) {
    std::set<std::string> read(aggregate.keys.begin(), aggregate.keys.end());
    for (const auto& column : aggregate.columns) read.insert(column.argument);
    ARROW_RETURN_NOT_OK(Select(node->step, read, &rows));
  } else {
    const bool is_counted =
        order.size() == 1 && !order[0].descending &&
        rows.schema().GetFieldByName(order[0].column)->type()->id() == arrow::Type::INT64;
    if (!rows.order.within && is_counted && !NeedsOrder(aggregate)) {
      steps->partial.push_back({order[0].column, Aggregate::kMin, order[0].column});
    } else {
      ARROW_RETURN_NOT_OK(SortWithin(node->step, &rows));
      AddOrder(order, &steps->partial);
    }
    ARROW_RETURN_NOT_OK(
        OnTop(node->step, AggregateNode{nullptr, aggregate.keys, steps->partial}, &rows));
  }
  ExchangeSpec spec = ByGroup(aggregate, rows.schema(), partitions);
  Start(node, "groups", std::move(rows), std::move(spec)).is_partial = steps.has_value();
  return Status::OK();
}

/// Groups come in ascending order of their keys, so they are made range by range.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceCollect(
    const NodePtr& node, const CollectNode& collect) {
  const OrderScope scope(this, true);
  const Exchange* started = Find(node, "collect");
  MaybeRows rows;
  if (started == nullptr) {
    ARROW_ASSIGN_OR_RAISE(rows, Advance(collect.input));
    if (!rows.has_value()) return rows;
  }
  if (started != nullptr || !rows->is_one_task()) {
    std::vector<SortNode::Key> keys;
    for (const std::string& key : collect.keys) keys.push_back({key, false, false});
    if (started == nullptr) {
      ARROW_RETURN_NOT_OK(WithOrderColumns(&*rows));
      std::set<std::string> read(collect.keys.begin(), collect.keys.end());
      read.insert(collect.columns.begin(), collect.columns.end());
      for (const SortNode::Key& key : collect.order) read.insert(key.column);
      ARROW_RETURN_NOT_OK(Select(node->step, read, &*rows));
    } else {
      rows.emplace();
    }
    ARROW_ASSIGN_OR_RAISE(rows, ByRanges(node, "collect", *std::move(rows), keys));
    if (!rows.has_value()) return rows;
  }
  ARROW_RETURN_NOT_OK(SortWithin(node->step, &*rows));
  ARROW_RETURN_NOT_OK(OnTop(node->step, collect, &*rows));
  rows->order = {};
  return rows;
}

/// Ties keep the order they had. Without a limit the rows are not moved here but where
/// their order matters.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceSort(const NodePtr& node,
                                                                const SortNode& sort) {
  if (!order_matters_ && !sort.limit.has_value()) return Advance(sort.input);
  const OrderScope scope(this, true);
  const Exchange* first = Find(node, "first rows");
  if (first != nullptr && !first->is_complete()) return std::nullopt;
  if (first != nullptr) {
    Rows rows = OneTask(*first);
    ARROW_RETURN_NOT_OK(
        OnTop(node->step, SortNode{nullptr, rows.order.keys, sort.limit}, &rows));
    rows.order = {};
    return rows;
  }
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(sort.input));
  if (!rows.has_value()) return rows;
  if (rows->is_one_task()) {
    ARROW_RETURN_NOT_OK(SortWithin(node->step, &*rows));
    ARROW_RETURN_NOT_OK(OnTop(node->step, sort, &*rows));
    rows->order = {};
    return rows;
  }
  ARROW_RETURN_NOT_OK(WithOrderColumns(&*rows));
  std::vector<ProjectNode::Column> columns =
      ColumnsAsTheyAre(rows->schema().field_names());
  std::vector<SortNode::Key> keys;
  for (const SortNode::Key& key : sort.keys) {
    keys.push_back({NewColumn(), key.descending, key.nulls_first});
    columns.push_back({keys.back().column, Expr::Column(key.column)});
  }
  keys.insert(keys.end(), rows->order.keys.begin(), rows->order.keys.end());
  ARROW_RETURN_NOT_OK(
      OnTop(node->step, ProjectNode{nullptr, std::move(columns)}, &*rows));
  rows->order = {true, keys, false, false};
  if (!sort.limit.has_value()) return rows;
  ARROW_RETURN_NOT_OK(OnTop(node->step, SortNode{nullptr, keys, sort.limit}, &*rows));
  rows->order.within = true;
  Start(node, "first rows", *std::move(rows), {});
  return std::nullopt;
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceLimit(const NodePtr& node,
                                                                 const LimitNode& limit) {
  const OrderScope scope(this, true);
  const Exchange* first = Find(node, "first rows");
  if (first != nullptr && !first->is_complete()) return std::nullopt;
  MaybeRows rows;
  if (first != nullptr) {
    rows = OneTask(*first);
  } else {
    ARROW_ASSIGN_OR_RAISE(rows, Advance(limit.input));
    if (!rows.has_value()) return rows;
  }
  ARROW_RETURN_NOT_OK(SortWithin(node->step, &*rows));
  ARROW_RETURN_NOT_OK(OnTop(node->step, limit, &*rows));
  if (rows->is_one_task()) {
    rows->order = {};
    return rows;
  }
  Start(node, "first rows", *std::move(rows), {});
  return std::nullopt;
}

}  // namespace windrow::plan
