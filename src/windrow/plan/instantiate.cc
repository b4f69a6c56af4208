// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/instantiate.h"

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/op/built_side.h"
#include "windrow/op/collect.h"
#include "windrow/op/filter_project.h"
#include "windrow/op/hash_join_build.h"
#include "windrow/op/hash_join_probe.h"
#include "windrow/op/hash_join_swapped.h"
#include "windrow/op/key_order.h"
#include "windrow/op/limit.h"
#include "windrow/op/probe_measurements.h"
#include "windrow/op/probe_records.h"
#include "windrow/op/rebatch.h"
#include "windrow/op/sort.h"
#include "windrow/plan/expression_bind.h"
#include "windrow/plan/open_files.h"
#include "windrow/plan/partition_files.h"
#include "windrow/sink/collect_sink.h"
#include "windrow/sink/partitioned_sink.h"

namespace windrow::plan {

/// What the stages of one join share.
struct JoinState {
  std::shared_ptr<op::BuiltSide> built;
  exec::StepMetrics* metrics = nullptr;
};

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

std::vector<int> IndicesOf(const std::vector<std::string>& names,
                           const arrow::Schema& schema) {
  std::vector<int> indices;
  for (const std::string& name : names) {
    indices.push_back(schema.GetFieldIndex(name));
    WINDROW_CHECK(indices.back() >= 0);
  }
  return indices;
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

}  // namespace

Instantiator::Instantiator(OpenTables tables, exec::RunContext* context,
                           exec::RunMetrics* metrics)
    : tables_(std::move(tables)), context_(context), metrics_(metrics) {}

Instantiator::~Instantiator() = default;

exec::StepMetrics* Instantiator::MetricsOf(const std::string& name,
                                           const std::string& kind) {
  exec::StepMetrics*& metrics = metrics_by_name_[{name, kind}];
  if (metrics == nullptr) metrics = metrics_->Add(name, kind);
  return metrics;
}

/// Puts one stage's pipeline together, following the schema from link to link.
class Instantiator::PipelineMaker {
 public:
  explicit PipelineMaker(Instantiator* owner)
      : owner_(owner), context_(owner->context_) {}

  Result<exec::Pipeline> Make(const PipelineStage& stage) {
    ARROW_RETURN_NOT_OK(OpenSource(stage.input));
    for (const StageOp& op : stage.ops) {
      step_ = &op.step;
      ARROW_RETURN_NOT_OK(
          std::visit([&](const auto& kind) { return Add(kind); }, op.kind));
    }
    ARROW_RETURN_NOT_OK(
        std::visit([&](const auto& output) { return End(output); }, stage.output));
    return std::move(pipeline_);
  }

 private:
  Status OpenSource(const StageInput& input) {
    const auto& table = owner_->tables_.at(input.source);
    exec::ScanOptions options;
    options.columns = IndicesOf(input.columns, *table->schema());
    options.row_numbers = input.row_numbers;
    for (size_t i = 0; i < input.columns.size(); ++i) {
      if (std::find(input.dictionary_columns.begin(), input.dictionary_columns.end(),
                    input.columns[i]) != input.dictionary_columns.end()) {
        options.dictionary_columns.push_back(static_cast<int>(i));
      }
    }
    if (input.pruning != nullptr) {
      ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                            BindPredicate(*input.pruning, *table->schema()));
      options.pruning_predicate =
          std::make_shared<const arrow::compute::Expression>(std::move(bound.expression));
    }
    ARROW_ASSIGN_OR_RAISE(pipeline_.source, table->Scan(options, context_));
    pipeline_.source_metrics = owner_->MetricsOf(input.source, "scan");
    pipeline_.source_metrics->predicted_rows = table->num_rows();
    pipeline_.source_metrics->SetStrategy(table->description(), "");
    schema_ = pipeline_.source->schema();
    return Status::OK();
  }

  exec::StepMetrics* Metrics(const std::string& kind) {
    return owner_->MetricsOf(*step_, kind);
  }

  void AddOperator(std::unique_ptr<exec::Operator> op, const std::string& kind) {
    schema_ = op->output_schema();
    pipeline_.steps.push_back({std::move(op), nullptr, Metrics(kind)});
  }

  void AddBreaker(std::unique_ptr<exec::Breaker> breaker, const std::string& kind) {
    schema_ = breaker->output_schema();
    pipeline_.steps.push_back({nullptr, std::move(breaker), Metrics(kind)});
  }

  Status Add(const FilterOp& filter) {
    ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                          BindPredicate(*filter.predicate, *schema_));
    AddOperator(std::make_unique<op::Filter>(std::move(bound.expression),
                                             std::move(bound.text), schema_, context_),
                "filter");
    return Status::OK();
  }

  Status Add(const ProjectOp& project) {
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
                              BindExpression(*expression, *schema_));
        fields.push_back(arrow::field(name, bound.type));
        column.expression = std::move(bound.expression);
        column.text = std::move(bound.text);
      }
      columns.push_back(std::move(column));
    }
    AddOperator(std::make_unique<op::Project>(std::move(columns),
                                              arrow::schema(std::move(fields)), context_),
                "project");
    return Status::OK();
  }

  Status Add(const ProbeOp& probe) {
    JoinState& join = *owner_->joins_.at(probe.join);
    join.metrics = Metrics("hash_join");
    std::vector<int> keys = IndicesOf(probe.keys, *schema_);
    const op::JoinKind kind = KindOf(probe.how);
    if (kind == op::JoinKind::kSemi || kind == op::JoinKind::kAnti) {
      AddOperator(std::make_unique<op::HashJoinFilter>(kind, std::move(keys), schema_,
                                                       join.built, context_),
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
    options.output =
        OutputOf(probe.columns, probe.how, *schema_, join.built->rows->schema().get());
    AddBreaker(std::make_unique<op::HashJoinProbe>(std::move(options), schema_,
                                                   join.built, context_, join.metrics),
               "hash_join");
    return Status::OK();
  }

  Status Add(const SwappedProbeOp& probe) {
    JoinState& join = *owner_->joins_.at(probe.join);
    join.metrics = Metrics("hash_join");
    ARROW_ASSIGN_OR_RAISE(auto right_rows, owner_->RowsOf(probe.right_source));
    op::HashJoinSwapped::Options options;
    options.kind = KindOf(probe.how);
    options.key_columns = IndicesOf(probe.keys, *schema_);
    options.row_number_column = schema_->GetFieldIndex(exec::kRowNumberColumn);
    options.output = OutputOf(probe.columns, probe.how, *join.built->rows->schema(),
                              right_rows->schema().get());
    AddBreaker(std::make_unique<op::HashJoinSwapped>(std::move(options), join.built,
                                                     std::move(right_rows), context_,
                                                     join.metrics),
               "hash_join");
    return Status::OK();
  }

  Status Add(const SortOp& sort) {
    op::Sort::Options options;
    options.limit = sort.limit;
    for (const SortNode::Key& key : sort.keys) {
      options.keys.push_back(
          {IndicesOf({key.column}, *schema_)[0], key.descending, key.nulls_first});
    }
    AddBreaker(std::make_unique<op::Sort>(std::move(options), schema_, context_,
                                          Metrics("sort")),
               "sort");
    return Status::OK();
  }

  Status Add(const CollectOp& collect) {
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

  Status Add(const ProbeMeasurementsOp& probes) {
    ARROW_ASSIGN_OR_RAISE(
        auto measurements,
        op::ProbeMeasurements::Make(RuleOf(probes.null_source), *schema_, context_,
                                    Metrics("probe_measurements")));
    AddOperator(std::move(measurements), "probe_measurements");
    return Status::OK();
  }

  Status Add(const ProbeRecordsOp& probes) {
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

  Status Add(const LimitOp& limit) {
    AddBreaker(std::make_unique<op::Limit>(limit.rows, schema_), "limit");
    return Status::OK();
  }

  Status End(const BuildOutput& output) {
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
    AddBreaker(std::make_unique<op::HashJoinBuild>(std::move(options), schema_,
                                                   join->built, context_, metrics),
               "hash_join_build");
    owner_->joins_[output.join] = std::move(join);
    return Status::OK();
  }

  Status End(const SinkOutput& output) {
    if (const auto* collect = std::get_if<ResultSpec>(&output.sink)) {
      auto batches = std::make_shared<sink::CollectSink::Batches>();
      owner_->collected_[collect->name.value] = batches;
      owner_->sink_schemas_[collect->name.value] = schema_;
      pipeline_.sink = std::make_unique<sink::CollectSink>(std::move(batches));
      pipeline_.sink_metrics = owner_->MetricsOf(collect->name.value, "result");
      return Status::OK();
    }
    const auto& write = std::get<WriteSpec>(output.sink);
    owner_->sink_schemas_[write.path.value] = schema_;
    pipeline_.preserve_order = write.preserve_order;
    const std::string sink_name = write.path.value;
    step_ = &sink_name;
    // The layout of an ArrayRecord file does not follow its batches.
    if (FormatOf(write) != FileFormat::kArrayRecord) {
      AddBreaker(std::make_unique<op::Rebatch>(SinkBatch(*schema_), schema_, context_),
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

  Instantiator* owner_;
  exec::RunContext* context_;
  exec::Pipeline pipeline_;
  SchemaPtr schema_;
  const std::string* step_ = nullptr;
  std::shared_ptr<const op::CollectedGroups> collected_groups_;  ///< of the last collect
};

Result<exec::Pipeline> Instantiator::MakePipeline(const PipelineStage& stage) {
  return PipelineMaker(this).Make(stage);
}

Result<std::shared_ptr<exec::RowStore>> Instantiator::RowsOf(const std::string& source) {
  std::shared_ptr<exec::RowStore>& rows = row_stores_[source];
  if (rows == nullptr) {
    ARROW_ASSIGN_OR_RAISE(rows, tables_.at(source)->row_store(context_));
  }
  return rows;
}

Result<StageResult> Instantiator::CheckKeys(const KeyCheckStage& stage) {
  StageResult result;
  ARROW_ASSIGN_OR_RAISE(auto rows, RowsOf(stage.source));
  const column::KeyLayout layout{stage.keys.types, stage.keys.nulls_equal};
  exec::StepMetrics* metrics = MetricsOf(stage.step, "hash_join");
  const exec::StepTimer timer(metrics);
  ARROW_ASSIGN_OR_RAISE(
      std::optional<column::KeyTable> table,
      op::FindIdentityKeys(layout, *rows, rows->schema()->GetFieldIndex(stage.key_column),
                           context_, metrics));
  if (!table.has_value()) return result;
  result.keys_count_up = true;
  result.payload_is_resident = true;
  for (int column = 0; column < rows->schema()->num_fields(); ++column) {
    result.payload_is_resident &= rows->IsResident(column);
  }
  auto join = std::make_shared<JoinState>();
  join->built = std::make_shared<op::BuiltSide>(layout, context_->pool);
  join->built->table = std::move(*table);
  join->built->rows = std::move(rows);
  const auto [strategy, reason] = op::DescribeTable(join->built->table);
  metrics->SetStrategy(strategy, reason);
  // The check has read every key, as a scan of the key column would.
  exec::StepMetrics* scan = MetricsOf(stage.source, "scan");
  scan->rows_out += join->built->table.num_rows();
  scan->predicted_rows = tables_.at(stage.source)->num_rows();
  scan->SetStrategy(tables_.at(stage.source)->description(), "");
  joins_[stage.join] = std::move(join);
  return result;
}

Result<StageResult> Instantiator::CheckKeyOrder(const KeyOrderStage& stage) {
  const auto& table = tables_.at(stage.source);
  exec::Pipeline pipeline;
  exec::ScanOptions scan;
  scan.columns = IndicesOf(stage.key_columns, *table->schema());
  for (size_t i = 0; i < scan.columns.size(); ++i) {
    scan.dictionary_columns.push_back(static_cast<int>(i));
  }
  ARROW_ASSIGN_OR_RAISE(pipeline.source, table->Scan(scan, context_));
  exec::StepMetrics* metrics = MetricsOf(stage.step, "key_order");
  pipeline.source_metrics = metrics;
  auto found = std::make_shared<op::KeyOrder::Found>();
  pipeline.steps.push_back(
      {nullptr, std::make_unique<op::KeyOrder>(found, context_), metrics});
  ARROW_RETURN_NOT_OK(exec::RunPipeline(&pipeline, context_));
  StageResult result;
  result.key_order = {found->is_sorted, found->groups};
  metrics->SetStrategy(found->is_sorted ? "sorted" : "not sorted", "");
  return result;
}

void Instantiator::DescribeBuilt(const BuildOutput& output) {
  const auto [strategy, reason] = op::DescribeTable(joins_.at(output.join)->built->table);
  MetricsOf(output.step, "hash_join_build")->SetStrategy(strategy, reason);
  MetricsOf(output.step, "hash_join")
      ->SetStrategy("build " + output.built + ", " + strategy, reason);
}

std::vector<WrittenFolder> Instantiator::WrittenFolders() const {
  std::vector<WrittenFolder> folders;
  for (const sink::PartitionedSink* sink : partitioned_sinks_) {
    WrittenFolder folder{sink->staging(), sink->manifest(), {}, {}};
    folder.locate = [sink](const Status& status) { return sink->Locate(status); };
    for (const auto& file : sink->files()) folder.files.push_back({file.name, file.rows});
    folders.push_back(std::move(folder));
  }
  return folders;
}

void Instantiator::AddLateBytes() {
  for (const auto& [source, rows] : row_stores_) {
    MetricsOf(source, "scan")->bytes += rows->bytes_read();
  }
}

}  // namespace windrow::plan
