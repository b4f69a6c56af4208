// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/planner.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <sstream>

#include "windrow/base/check.h"
#include "windrow/column/distinct_keys.h"
#include "windrow/column/key_type.h"
#include "windrow/plan/late_scan.h"
#include "windrow/plan/scan_path.h"

namespace windrow::plan {

/// A pipeline being put together: a stage without its output.
struct Planner::Lowered {
  std::vector<StageInput> inputs;
  std::string union_step;  ///< where there are several inputs
  std::vector<StageOp> ops;
};

namespace {}  // namespace

JoinKeys KeysOf(const JoinNode& join) {
  JoinKeys keys;
  keys.nulls_equal = join.nulls_equal;
  for (size_t k = 0; k < join.left_keys.size(); ++k) {
    const auto left = join.left->schema->GetFieldByName(join.left_keys[k])->type();
    const auto right = join.right->schema->GetFieldByName(join.right_keys[k])->type();
    keys.types.push_back(column::CommonKeyType(*left, *right).ValueOrDie());
  }
  if (keys.types.empty()) keys.types.push_back(arrow::boolean());  // see op::KeysOf
  return keys;
}

namespace {

/// False when metadata alone shows that the key cannot count up by one.
bool MayCountUp(const LateScan& late, const std::string& key) {
  const int column = late.scan->table->schema()->GetFieldIndex(late.names.at(key));
  const exec::ColumnStats stats = late.scan->table->column_stats(column);
  if (stats.null_count.value_or(0) > 0) return false;
  const auto* min = dynamic_cast<const arrow::Int64Scalar*>(stats.min.get());
  const auto* max = dynamic_cast<const arrow::Int64Scalar*>(stats.max.get());
  if (min == nullptr || max == nullptr) return true;
  int64_t span = 0;
  return !__builtin_sub_overflow(max->value, min->value, &span) &&
         span == late.scan->table->num_rows().value_or(span + 1) - 1;
}

/// Columns of the table that the filters and the given keys read, in the table's order.
std::vector<std::string> ColumnsRead(const LateScan& late,
                                     const std::vector<std::string>& keys) {
  std::set<std::string> names;
  for (const std::string& key : keys) names.insert(late.names.at(key));
  for (const ExprPtr& filter : late.filters) {
    for (std::string& name : ColumnNames(*filter)) names.insert(std::move(name));
  }
  std::vector<std::string> ordered;
  for (const std::string& name : late.scan->table->schema()->field_names()) {
    if (names.contains(name)) ordered.push_back(name);
  }
  return ordered;
}

std::vector<std::string> TableNames(const LateScan& late,
                                    const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& column : columns) names.push_back(late.names.at(column));
  return names;
}

/// Output columns with the inputs of one side renamed to its table's columns.
void RenameInputs(const LateScan& late, bool is_right, std::vector<JoinColumn>* columns) {
  for (JoinColumn& column : *columns) {
    if (column.is_right == is_right) column.input = late.names.at(column.input);
  }
}

/// The columns of the scan that a collect's keys are, when its rows come from there in
/// the scan's order.
std::optional<std::vector<std::string>> KeysInScan(const CollectNode& collect,
                                                   const ScanPath& path) {
  std::vector<std::string> columns;
  for (const std::string& key : collect.keys) {
    const auto column = path.names.find(key);
    if (column == path.names.end()) return std::nullopt;
    columns.push_back(column->second);
  }
  return columns;
}

void AddProbeRecords(const std::string& step, const ProbeRecordsNode& records,
                     std::vector<StageOp>* ops) {
  auto* collect = ops->empty() ? nullptr : std::get_if<CollectOp>(&ops->back().kind);
  if (collect != nullptr) {
    collect->dictionary_lists = true;
    // A sorted split needs the number of groups, for which unsorted input is kept first.
    if (records.split == ProbeSplit::kSorted && collect->key_order.groups < 0) {
      collect->key_order = {};
    }
  }
  ops->push_back({step, ProbeRecordsOp{records.max_row_bytes, records.split,
                                       records.train_ratio, records.shards}});
}

/// Text columns that arrive as they are stored, or are what columns are computed from
/// alone, may come as dictionaries.
void AddDictionaryColumns(const ScanPath& path, StageInput* input) {
  for (const auto* columns : {&path.names, &path.computed}) {
    for (const auto& [output, column] : *columns) {
      const auto type = path.scan->table->schema()->GetFieldByName(column)->type();
      if (arrow::is_base_binary_like(type->id()) && !path.read.contains(column)) {
        input->dictionary_columns.push_back(column);
      }
    }
  }
}

/// Those of them that the keys of an aggregate are, or are computed from.
void AddHashedColumns(const ScanPath& path, const std::vector<std::string>& keys,
                      StageInput* input) {
  for (const std::string& key : keys) {
    for (const auto* columns : {&path.names, &path.computed}) {
      const auto column = columns->find(key);
      if (column != columns->end()) input->hashed_columns.push_back(column->second);
    }
  }
}

bool KeepsLeftOnly(JoinHow how) { return how == JoinHow::kSemi || how == JoinHow::kAnti; }

}  // namespace

Planner::Planner(std::vector<LogicalPlan> plans, const exec::Switches& switches)
    : plans_(std::move(plans)), switches_(switches) {
  for (const LogicalPlan& plan : plans_) FindInputChecks(plan.root);
}

/// A side whose payload may stay where it is.
std::optional<LateScan> Planner::LateSide(const NodePtr& side) const {
  if (!switches_.late_payload) return std::nullopt;
  return AsLateScan(side);
}

/// Whether the right side of a join is read from a table that leaves rows out when it is
/// told the keys that matter.
bool Planner::MaySendKeys(const JoinNode& join) const {
  if (!switches_.send_keys || join.looks_at_pairs() || join.nulls_equal ||
      join.right_keys.size() != 1) {
    return false;
  }
  const std::optional<ScanPath> path = ScanPathOf(join.right);
  if (!path.has_value()) return false;
  const auto column = path->names.find(join.right_keys[0]);
  if (column == path->names.end()) return false;
  const arrow::Schema& schema = *path->scan->table->schema();
  const int index = schema.GetFieldIndex(column->second);
  const arrow::DataType& stored = *schema.field(index)->type();
  const auto common = KeysOf(join).types[0];
  return path->scan->table->takes_keys(index) && column::HasDistinctKeys(*common) &&
         (arrow::is_integer(stored.id()) || stored.Equals(*common) ||
          (arrow::is_base_binary_like(stored.id()) &&
           arrow::is_base_binary_like(common->id())));
}

void Planner::FindInputChecks(const NodePtr& node) {
  for (const NodePtr& input : InputsOf(*node)) FindInputChecks(input);
  if (node->As<CollectNode>() != nullptr) collects_.push_back(node.get());
  if (node->As<JoinNode>() != nullptr) {
    join_ids_.emplace(node.get(), static_cast<int>(join_ids_.size()));
  }
}

JoinChoice Planner::ChoiceOf(const LogicalNode& node) const {
  const JoinNode& join = *node.As<JoinNode>();
  const auto left_rows = join.left->estimated_rows;
  const auto right_rows = join.right->estimated_rows;
  const std::optional<LateScan> right = LateSide(join.right);
  JoinChoice choice;
  choice.checks_keys = switches_.identity_keys && right.has_value() &&
                       !join.looks_at_pairs() && right->filters.empty() &&
                       join.right_keys.size() == 1 && !join.nulls_equal &&
                       MayCountUp(*right, join.right_keys[0]);
  const bool left_is_smaller =
      left_rows.has_value() && right_rows.has_value() && *left_rows < *right_rows;
  choice.sends_keys = left_is_smaller && MaySendKeys(join);
  choice.builds_left = choice.sends_keys || (switches_.swap_sides && right.has_value() &&
                                             !join.looks_at_pairs() && left_is_smaller);
  auto rows = [](const std::optional<int64_t>& count) {
    return count.has_value() ? std::to_string(*count) : std::string("unknown");
  };
  std::ostringstream reason;
  reason << "left ~" << rows(left_rows) << " rows, right ~" << rows(right_rows);
  if (choice.checks_keys) {
    choice.strategy = "identity if " + join.right->step + "." + join.right_keys[0] +
                      " counts up by one, else ";
    reason << "; the keys are looked at when the run starts";
  }
  choice.strategy +=
      choice.builds_left ? "build " + join.left->step : "build " + join.right->step;
  if (choice.sends_keys) {
    reason << "; the left keys go to the server, which sends the rows that have them";
  } else if (switches_.late_payload && !right.has_value()) {
    reason << "; the right side is computed, so it is built";
  }
  if (join.looks_at_pairs()) reason << "; pairs are looked at, so the right side is kept";
  choice.reason = reason.str();
  return choice;
}

Stage Planner::Add(decltype(Stage::kind) kind) {
  return {next_stage_++, std::move(kind)};
}

Result<std::vector<Stage>> Planner::Next(const std::vector<StageResult>& results) {
  if (phase_ == Phase::kCheckKeys) {
    phase_ = Phase::kRun;
    std::vector<Stage> checks = KeyChecks();
    AddKeyOrderStages(&checks);
    if (!checks.empty()) return checks;
  }
  for (const StageResult& result : results) {
    const auto collect = collect_of_check_.find(result.stage_id);
    if (collect != collect_of_check_.end()) {
      key_orders_[collect->second] = result.key_order;
    }
    const auto check = join_of_check_.find(result.stage_id);
    if (check == join_of_check_.end() || !result.keys_count_up) continue;
    identity_joins_[check->second] = result.payload_is_resident;
  }
  std::vector<Stage> stages;
  if (phase_ == Phase::kDone) return stages;
  phase_ = Phase::kDone;
  for (const LogicalPlan& plan : plans_) {
    ARROW_ASSIGN_OR_RAISE(Lowered lowered, Lower(plan.root, &stages));
    PipelineStage stage{std::move(lowered.inputs), std::move(lowered.union_step),
                        std::move(lowered.ops), KeepOutput{plan.root->step},
                        plan.root->estimated_rows};
    if (plan.sink.has_value()) stage.output = SinkOutput{*plan.sink};
    if (plan.exchange != nullptr) {
      stage.output = ExchangeOutput{plan.root->step, *plan.exchange};
    }
    stages.push_back(Add(std::move(stage)));
  }
  return stages;
}

std::vector<Stage> Planner::KeyChecks() {
  std::vector<Stage> checks;
  for (const auto& [node, id] : join_ids_) {
    if (!ChoiceOf(*node).checks_keys) continue;
    const JoinNode& join = *node->As<JoinNode>();
    const LateScan right = *AsLateScan(join.right);
    checks.push_back(Add(KeyCheckStage{id, node->step, KeysOf(join), right.source,
                                       right.names.at(join.right_keys[0])}));
    join_of_check_[checks.back().id] = id;
  }
  return checks;
}

void Planner::AddKeyOrderStages(std::vector<Stage>* stages) {
  if (!switches_.sorted_keys) return;
  for (const LogicalNode* node : collects_) {
    const CollectNode& collect = *node->As<CollectNode>();
    const std::optional<ScanPath> path = ScanPathOf(collect.input);
    if (!path.has_value() || !path->scan->table->is_repeatable()) continue;
    std::optional<std::vector<std::string>> columns = KeysInScan(collect, *path);
    if (!columns.has_value()) continue;
    stages->push_back(Add(KeyOrderStage{node->step, path->source, std::move(*columns)}));
    collect_of_check_[stages->back().id] = node;
  }
}

/// Text columns that reach a collect as they are stored come as dictionaries if they are
/// stored as such, since it works with codes.
Result<Planner::Lowered> Planner::LowerCollect(const LogicalNode& node,
                                               const CollectNode& collect,
                                               std::vector<Stage>* stages) {
  ARROW_ASSIGN_OR_RAISE(Lowered lowered, Lower(collect.input, stages));
  CollectOp op{collect.keys, collect.order, collect.columns, collect.max_rows, {}, 0};
  op.rows_expected = collect.input->estimated_rows.value_or(0);
  if (const std::optional<ScanPath> path = ScanPathOf(collect.input)) {
    AddDictionaryColumns(*path, &lowered.inputs[0]);
    const auto found = key_orders_.find(&node);
    if (found != key_orders_.end()) op.key_order = found->second;
    if (path->drops_rows) op.key_order.groups = -1;
  }
  lowered.ops.push_back({node.step, std::move(op)});
  return lowered;
}

/// As for a collect: keys and arguments that are columns as stored come as dictionaries.
Result<Planner::Lowered> Planner::LowerAggregate(const LogicalNode& node,
                                                 const AggregateNode& aggregate,
                                                 std::vector<Stage>* stages) {
  ARROW_ASSIGN_OR_RAISE(Lowered lowered, Lower(aggregate.input, stages));
  const std::optional<ScanPath> path = ScanPathOf(aggregate.input);
  if (path.has_value() && switches_.dictionary_keys) {
    AddDictionaryColumns(*path, &lowered.inputs[0]);
    AddHashedColumns(*path, aggregate.keys, &lowered.inputs[0]);
  }
  lowered.ops.push_back({node.step, AggregateOp{aggregate.keys, aggregate.columns,
                                                switches_.partial_aggregation}});
  return lowered;
}

Result<Planner::Lowered> Planner::Lower(const NodePtr& node, std::vector<Stage>* stages) {
  if (const auto* aggregate = node->As<AggregateNode>()) {
    return LowerAggregate(*node, *aggregate, stages);
  }
  if (const auto* join = node->As<JoinNode>()) return LowerJoin(*node, *join, stages);
  if (const auto* collect = node->As<CollectNode>()) {
    return LowerCollect(*node, *collect, stages);
  }
  if (node->As<ScanNode>() != nullptr) {
    return Lowered{
        {{.source = node->step, .columns = node->schema->field_names()}}, "", {}};
  }
  if (const auto* all = node->As<UnionNode>()) return LowerUnion(*node, *all, stages);
  ARROW_ASSIGN_OR_RAISE(Lowered lowered, Lower(InputsOf(*node)[0], stages));
  if (const auto* filter = node->As<FilterNode>()) {
    if (switches_.prune_scans && filter->input->As<ScanNode>() != nullptr) {
      lowered.inputs[0].pruning = filter->predicate;
    }
    lowered.ops.push_back({node->step, FilterOp{filter->predicate}});
  } else if (const auto* project = node->As<ProjectNode>()) {
    lowered.ops.push_back({node->step, ProjectOp{project->columns}});
  } else if (const auto* sort = node->As<SortNode>()) {
    lowered.ops.push_back({node->step, SortOp{sort->keys, sort->limit}});
  } else if (const auto* numbers = node->As<NumberRowsNode>()) {
    lowered.ops.push_back(
        {node->step, NumberRowsOp{numbers->column, numbers->first_row}});
  } else if (const auto* measurements = node->As<ProbeMeasurementsNode>()) {
    lowered.ops.push_back({node->step, ProbeMeasurementsOp{measurements->null_source}});
  } else if (const auto* records = node->As<ProbeRecordsNode>()) {
    AddProbeRecords(node->step, *records, &lowered.ops);
  } else {
    lowered.ops.push_back({node->step, LimitOp{node->As<LimitNode>()->rows}});
  }
  return lowered;
}

/// Its inputs are scans with filters and projects on them; what else they read was kept
/// (see kept_steps.h).
Result<Planner::Lowered> Planner::LowerUnion(const LogicalNode& node,
                                             const UnionNode& all,
                                             std::vector<Stage>* stages) {
  Lowered lowered;
  lowered.union_step = node.step;
  for (const NodePtr& input : all.inputs) {
    ARROW_ASSIGN_OR_RAISE(Lowered part, Lower(input, stages));
    for (StageInput& read : part.inputs) {
      read.ops.insert(read.ops.end(), part.ops.begin(), part.ops.end());
      lowered.inputs.push_back(std::move(read));
    }
  }
  return lowered;
}

/// The keys and row numbers of a late scan.
Result<Planner::Lowered> Planner::LowerSide(const NodePtr& side,
                                            const std::vector<std::string>& keys,
                                            std::vector<Stage>* stages) {
  const std::optional<LateScan> late = AsLateScan(side);
  if (!late.has_value()) return Lower(side, stages);
  Lowered lowered;
  lowered.inputs = {
      {.source = late->source, .columns = ColumnsRead(*late, keys), .row_numbers = true}};
  if (switches_.prune_scans) lowered.inputs[0].pruning = JoinConjuncts(late->filters);
  for (const ExprPtr& filter : late->filters) {
    lowered.ops.push_back({side->step, FilterOp{filter}});
  }
  return lowered;
}

Result<Planner::Lowered> Planner::LowerJoin(const LogicalNode& node, const JoinNode& join,
                                            std::vector<Stage>* stages) {
  const int id = join_ids_.at(&node);
  // A built right side that is smaller than the left is gathered from again and again, so
  // it is read once and kept; unless it can be gathered from where it is mapped.
  const bool is_small = join.right->estimated_rows.value_or(INT64_MAX) <
                        join.left->estimated_rows.value_or(0);
  const auto identity = identity_joins_.find(id);
  const bool is_identity =
      identity != identity_joins_.end() && (identity->second || !is_small);
  const bool builds_left = !is_identity && ChoiceOf(node).builds_left;
  const NodePtr& built = builds_left ? join.left : join.right;
  const std::vector<std::string>& built_keys =
      builds_left ? join.left_keys : join.right_keys;

  std::optional<LateScan> late = LateSide(built);
  if (is_small && !is_identity && !builds_left && !KeepsLeftOnly(join.how)) late.reset();
  if (join.looks_at_pairs()) late.reset();

  std::vector<JoinColumn> columns = join.columns;
  if (late.has_value()) RenameInputs(*late, !builds_left, &columns);
  if (!is_identity) {
    Lowered build;
    JoinSide side{built_keys, ""};
    if (late.has_value()) {
      ARROW_ASSIGN_OR_RAISE(build, LowerSide(built, built_keys, stages));
      side = {TableNames(*late, built_keys), late->source};
    } else {
      ARROW_ASSIGN_OR_RAISE(build, Lower(built, stages));
    }
    stages->push_back(Add(PipelineStage{
        std::move(build.inputs), std::move(build.union_step), std::move(build.ops),
        BuildOutput{id, node.step, built->step, KeysOf(join), side},
        built->estimated_rows}));
  }
  if (builds_left && ChoiceOf(node).sends_keys) {
    ARROW_ASSIGN_OR_RAISE(Lowered probe, Lower(join.right, stages));
    probe.inputs[0].keys_of_join = id;
    probe.inputs[0].key_column = ScanPathOf(join.right)->names.at(join.right_keys[0]);
    probe.ops.push_back({node.step, SwappedProbeOp{id, join.how, join.right_keys, "",
                                                   std::move(columns)}});
    return probe;
  }
  if (builds_left) {
    const LateScan right = *AsLateScan(join.right);
    RenameInputs(right, true, &columns);
    ARROW_ASSIGN_OR_RAISE(Lowered probe, LowerSide(join.right, join.right_keys, stages));
    probe.ops.push_back(
        {node.step, SwappedProbeOp{id, join.how, TableNames(right, join.right_keys),
                                   right.source, std::move(columns)}});
    return probe;
  }
  ARROW_ASSIGN_OR_RAISE(Lowered probe, Lower(join.left, stages));
  probe.ops.push_back(
      {node.step, ProbeOp{id, join.how, join.left_keys, std::move(columns),
                          join.condition, join.condition_columns}});
  return probe;
}

}  // namespace windrow::plan
