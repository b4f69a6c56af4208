// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/pipeline_maker.h"

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/column/distinct_keys.h"
#include "windrow/op/aggregate.h"
#include "windrow/op/built_side.h"
#include "windrow/op/collect.h"
#include "windrow/op/filter_project.h"
#include "windrow/op/hash_join_build.h"
#include "windrow/op/hash_join_probe.h"
#include "windrow/op/hash_join_swapped.h"
#include "windrow/op/key_order.h"
#include "windrow/op/limit.h"
#include "windrow/op/number_rows.h"
#include "windrow/op/probe_measurements.h"
#include "windrow/op/probe_records.h"
#include "windrow/op/rebatch.h"
#include "windrow/op/sort.h"
#include "windrow/op/store_columns.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/expression_bind.h"
#include "windrow/plan/open_files.h"
#include "windrow/plan/partition_files.h"
#include "windrow/sink/collect_sink.h"
#include "windrow/sink/exchange_sink.h"
#include "windrow/sink/partitioned_sink.h"
#include "windrow/sink/row_buffer_sink.h"

namespace windrow::plan {
namespace {

using SchemaPtr = std::shared_ptr<arrow::Schema>;

op::JoinKind KindOf(JoinHow how) {
  switch (how) {
    case JoinHow::kInner:
      return op::JoinKind::kInner;
    case JoinHow::kLeft:
      return op::JoinKind::kLeft;
    case JoinHow::kSemi:
      return op::JoinKind::kSemi;
    case JoinHow::kAnti:
      return op::JoinKind::kAnti;
  }
  return op::JoinKind::kInner;
}

op::NullSource RuleOf(NullSource null_source) {
  switch (null_source) {
    case NullSource::kDrop:
      return op::NullSource::kDrop;
    case NullSource::kError:
      return op::NullSource::kError;
    case NullSource::kEmpty:
      return op::NullSource::kEmpty;
  }
  return op::NullSource::kDrop;
}

op::JoinOutput OutputOf(const std::vector<JoinColumn>& columns, JoinHow how,
                        const arrow::Schema& left, const arrow::Schema* right) {
  op::JoinOutput output;
  arrow::FieldVector fields;
  for (const JoinColumn& column : columns) {
    const arrow::Schema& side = column.is_right ? *right : left;
    const int index = side.GetFieldIndex(column.input);
    WINDROW_CHECK(index >= 0);
    (column.is_right ? output.right_columns : output.left_columns).push_back(index);
    auto field = side.field(index)->WithName(column.output);
    if (column.is_right && how == JoinHow::kLeft) field = field->WithNullable(true);
    fields.push_back(std::move(field));
  }
  output.schema = arrow::schema(std::move(fields));
  return output;
}

/// The condition of a join, bound to the columns it reads; none without one.
Result<std::optional<op::PairCondition>> ConditionOf(const ProbeOp& probe,
                                                     const arrow::Schema& left,
                                                     const arrow::Schema& right,
                                                     BindSettings settings) {
  std::optional<op::PairCondition> condition;
  if (probe.condition == nullptr) return condition;
  condition.emplace();
  condition->schema = PairSchema(probe.condition_columns, left, right);
  for (const JoinColumn& column : probe.condition_columns) {
    if (column.is_right) {
      condition->right_columns.push_back(right.GetFieldIndex(column.input));
    } else {
      condition->left_columns.push_back(left.GetFieldIndex(column.input));
    }
  }
  ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                        BindPredicate(*probe.condition, *condition->schema, settings));
  condition->predicate = std::move(bound.expression);
  condition->text = std::move(bound.text);
  return condition;
}

}  // namespace

std::vector<int> IndicesOf(const std::vector<std::string>& names,
                           const arrow::Schema& schema) {
  std::vector<int> indices;
  for (const std::string& name : names) {
    indices.push_back(schema.GetFieldIndex(name));
    WINDROW_CHECK(indices.back() >= 0);
  }
  return indices;
}

Result<exec::Pipeline> Instantiator::PipelineMaker::Make(const PipelineStage& stage) {
  ARROW_RETURN_NOT_OK(OpenSources(stage));
  for (const StageOp& op : stage.ops) {
    step_ = &op.step;
    ARROW_RETURN_NOT_OK(std::visit([&](const auto& kind) { return Add(kind); }, op.kind));
  }
  ARROW_RETURN_NOT_OK(
      std::visit([&](const auto& output) { return End(output); }, stage.output));
  return std::move(pipeline_);
}

/// The batches of several inputs come from one source.
Status Instantiator::PipelineMaker::OpenSources(const PipelineStage& stage) {
  std::vector<exec::ConcatPart> parts;
  for (const StageInput& input : stage.inputs) {
    ARROW_ASSIGN_OR_RAISE(exec::ConcatPart part, OpenInput(input));
    parts.push_back(std::move(part));
  }
  if (parts.size() == 1) {
    pipeline_.source = std::move(parts[0].source);
    pipeline_.source_metrics = parts[0].source_metrics;
    pipeline_.steps = std::move(parts[0].steps);
    return Status::OK();
  }
  pipeline_.source = std::make_unique<exec::ConcatSource>(std::move(parts), schema_);
  pipeline_.source_metrics = owner_->MetricsOf(stage.union_step, "union");
  return Status::OK();
}

/// Also makes the input's schema, behind its operators, the current one.
Result<exec::ConcatPart> Instantiator::PipelineMaker::OpenInput(const StageInput& input) {
  const auto& table = owner_->tables_.at(input.source);
  exec::ScanOptions options;
  options.columns = IndicesOf(input.columns, *table->schema());
  options.row_numbers = input.row_numbers;
  const auto is_among = [](const std::vector<std::string>& names,
                           const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (size_t i = 0; i < input.columns.size(); ++i) {
    if (!is_among(input.dictionary_columns, input.columns[i])) continue;
    options.dictionary_columns.push_back(static_cast<int>(i));
    if (!is_among(input.hashed_columns, input.columns[i])) continue;
    options.hashed_columns.push_back(static_cast<int>(i));
  }
  if (input.pruning != nullptr) {
    ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                          BindPredicate(*input.pruning, *table->schema()));
    options.pruning_predicate =
        std::make_shared<const arrow::compute::Expression>(std::move(bound.expression));
    options.pruning_text = ToText(*input.pruning);
  }
  if (input.keys_of_join >= 0) {
    ARROW_ASSIGN_OR_RAISE(
        auto keys,
        column::DistinctKeys(owner_->joins_.at(input.keys_of_join)->built->table,
                             context_->pool));
    options.keys = std::make_shared<const exec::ScanKeys>(exec::ScanKeys{
        table->schema()->GetFieldIndex(input.key_column), std::move(keys)});
  }
  exec::ConcatPart part;
  ARROW_ASSIGN_OR_RAISE(part.source, table->Scan(options, context_));
  part.source_metrics = owner_->MetricsOf(input.source, table->scan_kind());
  part.source_metrics->predicted_rows = table->num_rows();
  part.source_metrics->SetStrategy(table->description(), "");
  schema_ = part.source->schema();
  for (const StageOp& op : input.ops) {
    step_ = &op.step;
    ARROW_RETURN_NOT_OK(std::visit([&](const auto& kind) { return Add(kind); }, op.kind));
  }
  part.steps = std::move(pipeline_.steps);
  pipeline_.steps.clear();
  return part;
}

exec::StepMetrics* Instantiator::PipelineMaker::Metrics(const std::string& kind) {
  return owner_->MetricsOf(*step_, kind);
}

void Instantiator::PipelineMaker::AddOperator(std::unique_ptr<exec::Operator> op,
                                              const std::string& kind) {
  schema_ = op->output_schema();
  pipeline_.steps.push_back({std::move(op), nullptr, Metrics(kind)});
}

void Instantiator::PipelineMaker::AddBreaker(std::unique_ptr<exec::Breaker> breaker,
                                             const std::string& kind) {
  schema_ = breaker->output_schema();
  pipeline_.steps.push_back({nullptr, std::move(breaker), Metrics(kind)});
}

Status Instantiator::PipelineMaker::Add(const FilterOp& filter) {
  ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                        BindPredicate(*filter.predicate, *schema_, Settings()));
  AddOperator(std::make_unique<op::Filter>(std::move(bound.expression),
                                           std::move(bound.text), schema_, context_),
              "filter");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const ProjectOp& project) {
  std::vector<op::Project::Column> columns;
  arrow::FieldVector fields;
  for (const auto& [name, expression] : project.columns) {
    op::Project::Column column;
    if (expression->kind() == ExprKind::kColumn) {
      column.input = schema_->GetFieldIndex(expression->name());
      WINDROW_CHECK(column.input >= 0);
      fields.push_back(schema_->field(column.input)->WithName(name));
    } else {
      ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                            BindExpression(*expression, *schema_, Settings()));
      fields.push_back(arrow::field(name, bound.type));
      column.expression = std::move(bound.expression);
      column.text = std::move(bound.text);
    }
    columns.push_back(std::move(column));
  }
  AddOperator(std::make_unique<op::Project>(columns, schema_,
                                            arrow::schema(std::move(fields)), context_),
              "project");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const ProbeOp& probe) {
  JoinState& join = *owner_->joins_.at(probe.join);
  join.metrics = Metrics("hash_join");
  std::vector<int> keys = IndicesOf(probe.keys, *schema_);
  const op::JoinKind kind = KindOf(probe.how);
  ARROW_ASSIGN_OR_RAISE(
      auto condition,
      ConditionOf(probe, *schema_, *join.built->rows->schema(), Settings()));
  if (kind == op::JoinKind::kSemi || kind == op::JoinKind::kAnti) {
    AddOperator(
        std::make_unique<op::HashJoinFilter>(kind, std::move(keys), std::move(condition),
                                             schema_, join.built, context_),
        "hash_join");
    std::vector<ProjectNode::Column> kept;
    for (const JoinColumn& column : probe.columns) {
      kept.push_back({column.output, Expr::Column(column.input)});
    }
    return Add(ProjectOp{std::move(kept)});
  }
  op::HashJoinProbe::Options options;
  options.kind = kind;
  options.key_columns = std::move(keys);
  options.condition = std::move(condition);
  options.output =
      OutputOf(probe.columns, probe.how, *schema_, join.built->rows->schema().get());
  AddBreaker(std::make_unique<op::HashJoinProbe>(std::move(options), schema_, join.built,
                                                 context_, join.metrics),
             "hash_join");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const SwappedProbeOp& probe) {
  JoinState& join = *owner_->joins_.at(probe.join);
  join.metrics = Metrics("hash_join");
  op::HashJoinSwapped::Options options;
  options.kind = KindOf(probe.how);
  options.key_columns = IndicesOf(probe.keys, *schema_);
  std::shared_ptr<exec::RowStore> right_rows;
  SchemaPtr right_schema = schema_;
  if (!probe.right_source.empty()) {
    ARROW_ASSIGN_OR_RAISE(right_rows, owner_->RowsOf(probe.right_source));
    right_schema = right_rows->schema();
    options.row_number_column = schema_->GetFieldIndex(exec::kRowNumberColumn);
  }
  options.output =
      OutputOf(probe.columns, probe.how, *join.built->rows->schema(), right_schema.get());
  AddBreaker(std::make_unique<op::HashJoinSwapped>(std::move(options), schema_,
                                                   join.built, std::move(right_rows),
                                                   context_, join.metrics),
             "hash_join");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const SortOp& sort) {
  op::Sort::Options options;
  options.limit = sort.limit;
  for (const SortNode::Key& key : sort.keys) {
    options.keys.push_back(
        {IndicesOf({key.column}, *schema_)[0], key.descending, key.nulls_first});
  }
  AddBreaker(
      std::make_unique<op::Sort>(std::move(options), schema_, context_, Metrics("sort")),
      "sort");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const CollectOp& collect) {
  op::Collect::Options options;
  options.key_columns = IndicesOf(collect.keys, *schema_);
  options.list_columns = IndicesOf(collect.columns, *schema_);
  for (const SortNode::Key& key : collect.order) {
    options.order_columns.push_back(IndicesOf({key.column}, *schema_)[0]);
    options.order_keys.push_back({key.descending, key.nulls_first});
  }
  options.max_rows = collect.max_rows;
  if (collect.key_order.is_sorted) options.sorted_groups = collect.key_order.groups;
  options.rows_expected = collect.rows_expected;
  options.dictionary_lists = collect.dictionary_lists;
  auto breaker = std::make_unique<op::Collect>(std::move(options), schema_, context_,
                                               Metrics("collect"));
  collected_groups_ = breaker->groups();
  AddBreaker(std::move(breaker), "collect");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const AggregateOp& aggregate) {
  op::Aggregate::Options options;
  options.key_columns = IndicesOf(aggregate.keys, *schema_);
  options.partial = aggregate.partial;
  for (const auto& [name, function, argument] : aggregate.columns) {
    const int column = argument.empty() ? -1 : schema_->GetFieldIndex(argument);
    options.columns.push_back({name, function, column});
  }
  AddBreaker(std::make_unique<op::Aggregate>(std::move(options), schema_, context_,
                                             Metrics("aggregate")),
             "aggregate");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const NumberRowsOp& numbers) {
  AddBreaker(std::make_unique<op::NumberRows>(numbers.column, numbers.first_row, *schema_,
                                              context_),
             "number_rows");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const ProbeMeasurementsOp& probes) {
  ARROW_ASSIGN_OR_RAISE(auto measurements, op::ProbeMeasurements::Make(
                                               RuleOf(probes.null_source), *schema_,
                                               context_, Metrics("probe_measurements")));
  AddOperator(std::move(measurements), "probe_measurements");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const ProbeRecordsOp& probes) {
  op::ProbeRecords::Options options;
  options.max_row_bytes = probes.max_row_bytes;
  options.split = {probes.split == ProbeSplit::kSorted ? op::ProbeSplit::Rule::kSorted
                                                       : op::ProbeSplit::Rule::kHash,
                   probes.train_ratio, probes.shards};
  options.collected = collected_groups_;
  ARROW_ASSIGN_OR_RAISE(auto records,
                        op::ProbeRecords::Make(std::move(options), *schema_, context_,
                                               Metrics("probe_records")));
  AddBreaker(std::move(records), "probe_records");
  return Status::OK();
}

Status Instantiator::PipelineMaker::Add(const LimitOp& limit) {
  AddBreaker(std::make_unique<op::Limit>(limit.rows, schema_), "limit");
  return Status::OK();
}

Status Instantiator::PipelineMaker::End(const BuildOutput& output) {
  auto join = std::make_shared<JoinState>();
  join->built = std::make_shared<op::BuiltSide>(
      column::KeyLayout{output.keys.types, output.keys.nulls_equal}, context_->pool);
  op::HashJoinBuild::Options options;
  options.key_columns = IndicesOf(output.side.keys, *schema_);
  if (!output.side.late_source.empty()) {
    options.row_number_column = schema_->GetFieldIndex(exec::kRowNumberColumn);
    ARROW_ASSIGN_OR_RAISE(join->built->rows, owner_->RowsOf(output.side.late_source));
  }
  step_ = &output.step;
  exec::StepMetrics* metrics = Metrics("hash_join_build");
  AddBreaker(std::make_unique<op::HashJoinBuild>(std::move(options), schema_, join->built,
                                                 context_, metrics),
             "hash_join_build");
  owner_->joins_[output.join] = std::move(join);
  return Status::OK();
}

Status Instantiator::PipelineMaker::End(const KeepOutput& output) {
  exec::StepMetrics* metrics = owner_->MetricsOf(output.step, "keep");
  auto rows = std::make_shared<exec::RowBuffer>(schema_, context_, metrics);
  owner_->KeepRows(output.step, rows);
  pipeline_.sink =
      std::make_unique<sink::RowBufferSink>(schema_, std::move(rows), context_->pool);
  pipeline_.sink_metrics = metrics;
  return Status::OK();
}

Status Instantiator::PipelineMaker::End(const ExchangeOutput& output) {
  const ExchangeSpec& spec = output.exchange;
  pipeline_.sink_metrics = owner_->MetricsOf(output.step, "exchange");
  sink::Partitioning partitioning;
  partitioning.partitions = spec.partitions;
  if (spec.kind == ExchangeSpec::Kind::kHash) {
    partitioning.hash_columns = IndicesOf(spec.keys, *schema_);
    partitioning.layout = {spec.types, spec.null_keys == ExchangeSpec::NullKeys::kEqual};
    partitioning.spreads_null_keys = spec.null_keys == ExchangeSpec::NullKeys::kSpread;
    partitioning.first_partition = spec.first_partition;
  }
  for (const SortNode::Key& key : spec.sort_keys) {
    partitioning.sort_columns.push_back(IndicesOf({key.column}, *schema_)[0]);
    partitioning.order.push_back({key.descending, key.nulls_first});
  }
  partitioning.bounds = spec.bounds;
  partitioning.takes_sample = spec.takes_sample;
  owner_->exchanged_ = std::make_shared<exec::ExchangedRows>();
  pipeline_.sink = std::make_unique<sink::ExchangeSink>(schema_, std::move(partitioning),
                                                        owner_->exchanged_, context_);
  return Status::OK();
}

Status Instantiator::PipelineMaker::End(const SinkOutput& output) {
  if (const auto* collect = std::get_if<ResultSpec>(&output.sink)) {
    if (owner_->open_result_ != nullptr) {
      owner_->sink_schemas_[collect->name.value] = schema_;
      pipeline_.sink_metrics = owner_->MetricsOf(collect->name.value, "result");
      return owner_->open_result_(collect->name.value, schema_, context_)
          .Value(&pipeline_.sink);
    }
    auto batches = std::make_shared<sink::CollectSink::Batches>();
    owner_->collected_[collect->name.value] = batches;
    owner_->sink_schemas_[collect->name.value] = schema_;
    pipeline_.sink = std::make_unique<sink::CollectSink>(std::move(batches));
    pipeline_.sink_metrics = owner_->MetricsOf(collect->name.value, "result");
    return Status::OK();
  }
  const auto& write = std::get<WriteSpec>(output.sink);
  const std::string sink_name = TargetOf(write);
  owner_->sink_schemas_[sink_name] = schema_;
  pipeline_.preserve_order = write.preserve_order;
  step_ = &sink_name;
  if (IsDatabase(write.path.value)) {
    ARROW_ASSIGN_OR_RAISE(
        pipeline_.sink, OpenDatabaseSink(write, *schema_, owner_->databases_, context_));
    pipeline_.sink_metrics = owner_->MetricsOf(sink_name, "write");
    return Status::OK();
  }
  if (!write.types.empty()) {
    std::vector<op::StoreColumns::Column> columns;
    for (const ColumnType& stored : write.types) {
      ARROW_ASSIGN_OR_RAISE(auto type, column::SqlType::Parse(stored.type.value));
      columns.push_back({IndicesOf({stored.column.value}, *schema_)[0], type});
    }
    AddOperator(
        std::make_unique<op::StoreColumns>(sink_name, columns, *schema_, context_),
        "store_columns");
  }
  // The layout of an ArrayRecord file does not follow its batches.
  if (FormatOf(write) != FileFormat::kArrayRecord) {
    AddBreaker(std::make_unique<op::Rebatch>(SinkBatch(write, *schema_, *context_),
                                             schema_, context_),
               "rebatch");
  }
  if (write.partition_by.has_value()) {
    ARROW_ASSIGN_OR_RAISE(auto sink, OpenPartitionedSink(write, schema_, context_));
    owner_->sink_schemas_[write.path.value] = sink->file_schema();
    owner_->partitioned_sinks_.push_back(sink.get());
    pipeline_.sink = std::move(sink);
  } else {
    ARROW_ASSIGN_OR_RAISE(pipeline_.sink, OpenWriteSink(write, schema_, context_));
  }
  pipeline_.sink_metrics = owner_->MetricsOf(write.path.value, "write");
  return Status::OK();
}

}  // namespace windrow::plan
