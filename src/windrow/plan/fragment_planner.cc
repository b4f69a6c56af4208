// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/fragment_planner.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/plan/fragment_rows.h"
#include "windrow/plan/open_files.h"

namespace windrow::plan {
namespace {

/// Tasks of a stage for each slot, so that a slow node takes fewer.
constexpr int kTasksPerSlot = 4;
/// A task's rows are counted from here on in the next part of a union.
constexpr int64_t kPartRows = int64_t{1} << 42;

double BytesByType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::NA) return 0;
  if (type.id() == arrow::Type::BOOL) return 1.0 / 8;
  if (type.id() == arrow::Type::DICTIONARY) return 20;
  if (arrow::is_fixed_width(type.id())) return type.byte_width();
  constexpr double kTextBytes = 20;
  constexpr double kNestedBytes = 64;
  return arrow::is_base_binary_like(type.id()) ? kTextBytes : kNestedBytes;
}

std::vector<std::string> NamesOf(const std::vector<SortNode::Key>& keys) {
  std::vector<std::string> names;
  for (const SortNode::Key& key : keys) names.push_back(key.column);
  return names;
}

}  // namespace

double RowBytesByType(const arrow::Schema& schema) {
  constexpr double kValidity = 1.0 / 8;
  double bytes = 0;
  for (const auto& field : schema.fields())
    bytes += BytesByType(*field->type()) + kValidity;
  return bytes;
}

std::vector<ProjectNode::Column> ColumnsAsTheyAre(const std::vector<std::string>& names) {
  std::vector<ProjectNode::Column> columns;
  for (const std::string& name : names) columns.push_back({name, Expr::Column(name)});
  return columns;
}

FragmentPlanner::FragmentPlanner(const PreparedJob& job, const ClusterShape& shape,
                                 const exec::Switches& switches)
    : job_(job), shape_(shape), switches_(switches) {
  for (const LogicalPlan& plan : job.plans) {
    if (!plan.sink.has_value()) kept_[plan.root->step] = plan.root.get();
  }
}

FragmentPlanner::~FragmentPlanner() = default;

Result<std::vector<Fragment>> FragmentPlanner::Next(
    const std::vector<TaskResult>& results) {
  bool has_news = exchanges_.empty();
  for (const TaskResult& result : results) {
    Exchange& exchange = *exchange_of_fragment_.at(result.fragment);
    const size_t place = exchange.place.at({result.fragment, result.task});
    WINDROW_CHECK(exchange.sizes[place].empty() && !result.pieces.empty());
    exchange.sizes[place] = result.pieces;
    exchange.samples[place] = result.sample;
    ++exchange.ended;
    has_news |= exchange.is_complete();
  }
  started_.clear();
  if (!has_news || is_done_) return started_;
  for (const auto& [key, exchange] : exchanges_) exchange->is_read = false;
  bool are_all_done = true;
  sink_plans_.clear();
  sink_inputs_.clear();
  sink_schemas_.clear();
  for (const LogicalPlan& plan : job_.plans) {
    if (plan.sink.has_value()) {
      ARROW_ASSIGN_OR_RAISE(const bool is_ready, AddSinkPlan(plan));
      are_all_done &= is_ready;
    } else if (Find(plan.root, kKeep) == nullptr) {
      ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(plan.root));
      if (rows.has_value()) Start(plan.root, kKeep, *std::move(rows), {});
    }
  }
  is_done_ = are_all_done;
  FindUnused();
  return std::move(started_);
}

/// True once the sink's rows are all there.
Result<bool> FragmentPlanner::AddSinkPlan(const LogicalPlan& plan) {
  const auto* write = std::get_if<WriteSpec>(&*plan.sink);
  const bool keeps_order = write == nullptr || write->preserve_order;
  const OrderScope scope(this, keeps_order);
  const Exchange* exchange = Find(plan.root, "sink");
  if (exchange == nullptr) {
    ARROW_ASSIGN_OR_RAISE(
        MaybeRows rows,
        keeps_order ? AdvanceInOrder(plan.root, plan.root, "order") : Advance(plan.root));
    if (!rows.has_value()) return false;
    rows->order.keys.clear();
    const auto names = plan.root->schema->field_names();
    ARROW_RETURN_NOT_OK(Select(plan.root->step, {names.begin(), names.end()}, &*rows));
    Start(plan.root, "sink", *std::move(rows), {});
    return false;
  }
  if (!exchange->is_complete()) return false;
  // The schema of the plan also says which columns hold no nulls.
  ARROW_ASSIGN_OR_RAISE(NodePtr root, ScanOf(exchange->name, plan.root->schema));
  sink_plans_.push_back({std::move(root), plan.sink, nullptr});
  if (sink_schemas_.emplace(exchange->name, plan.root->schema).second) {
    sink_inputs_.push_back(OneTask(*exchange).parts[0].tasks[0].inputs[0]);
  }
  return true;
}

/// Everything in one task, on a cluster of one node: there is nothing to move rows for.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceWhole(const NodePtr& root) {
  Part part{root, {}, {}, false, {}, true};
  part.tasks.emplace_back();
  if (!AddWhole(root, &part)) return std::nullopt;
  return Rows{{std::move(part)}, {}};
}

/// Names what the task reads; false while rows that are kept are not there yet.
bool FragmentPlanner::AddWhole(const NodePtr& node, Part* part) {
  if (node->As<ScanNode>() != nullptr && kept_.contains(node->step)) {
    const Exchange* rows = FindKept(node->step);
    if (rows == nullptr) return false;
    if (!part->inputs.emplace(node->step, rows->schema).second) return true;
    part->tasks[0].inputs.push_back(OneTask(*rows).parts[0].tasks[0].inputs[0]);
    return true;
  }
  if (node->As<ScanNode>() != nullptr) {
    const auto& known = part->sources;
    if (std::find(known.begin(), known.end(), node->step) == known.end()) {
      part->sources.push_back(node->step);
    }
    part->on_driver |= job_.local_sources.contains(node->step);
  }
  for (const NodePtr& input : InputsOf(*node)) {
    if (!AddWhole(input, part)) return false;
  }
  return true;
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::Advance(const NodePtr& node) {
  if (shape_.nodes == 1) return AdvanceWhole(node);
  if (const auto* scan = node->As<ScanNode>()) return AdvanceScan(node, *scan);
  if (const auto* project = node->As<ProjectNode>()) {
    return AdvanceProject(node, *project);
  }
  if (const auto* join = node->As<JoinNode>()) return AdvanceJoin(node, *join);
  if (const auto* aggregate = node->As<AggregateNode>()) {
    return AdvanceAggregate(node, *aggregate);
  }
  if (const auto* collect = node->As<CollectNode>()) {
    return AdvanceCollect(node, *collect);
  }
  if (const auto* sort = node->As<SortNode>()) return AdvanceSort(node, *sort);
  if (const auto* limit = node->As<LimitNode>()) return AdvanceLimit(node, *limit);
  if (const auto* all = node->As<UnionNode>()) return AdvanceUnion(node, *all);
  if (node->As<ProbeMeasurementsNode>() != nullptr) return AdvanceMeasurements(node);
  if (const auto* records = node->As<ProbeRecordsNode>()) {
    return AdvanceRecords(node, *records);
  }
  const auto& filter = *node->As<FilterNode>();
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(filter.input));
  if (rows.has_value()) ARROW_RETURN_NOT_OK(OnTop(node->step, filter, &*rows));
  return rows;
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceScan(const NodePtr& node,
                                                                const ScanNode& scan) {
  if (kept_.contains(node->step)) {
    const Exchange* kept = FindKept(node->step);
    if (kept == nullptr) return std::nullopt;
    Rows rows = TaskForEach(*kept);
    if (!order_matters_) rows.order = {false};
    const auto names = node->schema->field_names();
    ARROW_RETURN_NOT_OK(Select(node->step, {names.begin(), names.end()}, &rows));
    return rows;
  }
  Part part{node, {node->step}, {}, job_.local_sources.contains(node->step), {}};
  const std::vector<int64_t> offsets = scan.table->chunk_offsets();
  const double row_bytes = RowBytesByType(*node->schema);
  const int64_t total = scan.table->num_rows().value_or(0);
  const bool may_split = offsets.size() > 2 && scan.table->is_repeatable();
  if (!may_split) {
    part.tasks.push_back({std::nullopt,
                          {},
                          0,
                          static_cast<int64_t>(row_bytes * static_cast<double>(total))});
    return Rows{{std::move(part)}, {order_matters_}};
  }
  constexpr int64_t kMostBytes = int64_t{128} << 20;
  const int64_t share = total / (int64_t{kTasksPerSlot} * shape_.slots) + 1;
  const int64_t fits = static_cast<int64_t>(kMostBytes / std::max(row_bytes, 1.0)) + 1;
  const int64_t wanted = std::min(std::max(share, switches_.split_rows), fits);
  int64_t begin = 0;
  const auto chunks = static_cast<int64_t>(offsets.size()) - 1;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t rows =
        offsets[static_cast<size_t>(chunk + 1)] - offsets[static_cast<size_t>(begin)];
    if (rows < wanted && chunk + 1 < chunks) continue;
    part.tasks.push_back({ScanSplit{node->step, {begin, chunk + 1}, offsets.back()},
                          {},
                          offsets[static_cast<size_t>(begin)],
                          static_cast<int64_t>(row_bytes * static_cast<double>(rows))});
    begin = chunk + 1;
  }
  return Rows{{std::move(part)}, {order_matters_}};
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceProject(
    const NodePtr& node, const ProjectNode& project) {
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, Advance(project.input));
  if (!rows.has_value()) return rows;
  ProjectNode with_order = project;
  for (auto& column : ColumnsAsTheyAre(NamesOf(rows->order.keys))) {
    with_order.columns.push_back(std::move(column));
  }
  ARROW_RETURN_NOT_OK(OnTop(node->step, with_order, &*rows));
  return rows;
}

/// Its inputs' rows one after the other.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceUnion(const NodePtr& node,
                                                                 const UnionNode& all) {
  Rows united;
  united.order.matters = order_matters_;
  bool is_complete = true;
  for (size_t i = 0; i < all.inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(MaybeRows rows, AdvanceInOrder(all.inputs[i], node,
                                                         "input " + std::to_string(i)));
    is_complete &= rows.has_value();
    if (!rows.has_value()) continue;
    rows->order.keys.clear();
    const auto names = node->schema->field_names();
    ARROW_RETURN_NOT_OK(Select(node->step, {names.begin(), names.end()}, &*rows));
    for (Part& part : rows->parts) united.parts.push_back(std::move(part));
  }
  if (!is_complete) return std::nullopt;
  int64_t first_row = 0;
  for (Part& part : united.parts) {
    for (FragmentTask& task : part.tasks) {
      task.first_row = task.first_row % kPartRows + first_row;
    }
    first_row += kPartRows;
  }
  return united;
}

Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceMeasurements(
    const NodePtr& node) {
  const auto& measurements = *node->As<ProbeMeasurementsNode>();
  const OrderScope scope(this, true);
  // The step leaves columns out that it does not know.
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows,
                        AdvanceInOrder(measurements.input, node, "order"));
  if (!rows.has_value()) return rows;
  rows->order.keys.clear();
  ARROW_RETURN_NOT_OK(OnTop(node->step, measurements, &*rows));
  return rows;
}

/// A sorted split must know how many probes there are, so one task collects all of them.
Result<FragmentPlanner::MaybeRows> FragmentPlanner::AdvanceRecords(
    const NodePtr& node, const ProbeRecordsNode& records) {
  const OrderScope scope(this, true);
  const bool is_sorted = records.split == ProbeSplit::kSorted;
  const auto* collect = is_sorted ? records.input->As<CollectNode>() : nullptr;
  const NodePtr& input = collect == nullptr ? records.input : collect->input;
  ARROW_ASSIGN_OR_RAISE(MaybeRows rows, AdvanceInOrder(input, node, "order"));
  if (is_sorted) {
    ARROW_ASSIGN_OR_RAISE(rows, InOneTask(node, "records", std::move(rows)));
  }
  if (!rows.has_value()) return rows;
  rows->order.keys.clear();
  if (collect != nullptr) {
    ARROW_RETURN_NOT_OK(OnTop(records.input->step, *collect, &*rows));
  }
  ARROW_RETURN_NOT_OK(OnTop(node->step, records, &*rows));
  return rows;
}

}  // namespace windrow::plan
