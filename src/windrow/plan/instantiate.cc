// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/instantiate.h"

#include <arrow/type.h>

#include "windrow/base/check.h"
#include "windrow/op/built_side.h"
#include "windrow/op/hash_join_build.h"
#include "windrow/op/key_order.h"
#include "windrow/plan/pipeline_maker.h"
#include "windrow/sink/partitioned_sink.h"
#include "windrow/source/row_buffer_table.h"

namespace windrow::plan {

Instantiator::Instantiator(OpenTables tables, Databases databases,
                           ResultSinkOpener open_result, exec::RunContext* context,
                           exec::RunMetrics* metrics)
    : tables_(std::move(tables)),
      databases_(std::move(databases)),
      open_result_(std::move(open_result)),
      context_(context),
      metrics_(metrics) {}

Instantiator::~Instantiator() {
  for (source::RowBufferTable* table : kept_) table->SetRows(nullptr);
}

void Instantiator::KeepRows(const std::string& step,
                            std::shared_ptr<const exec::RowBuffer> rows) {
  auto* table = dynamic_cast<source::RowBufferTable*>(tables_.at(step).get());
  WINDROW_CHECK(table != nullptr);
  table->SetRows(std::move(rows));
  kept_.push_back(table);
}

exec::StepMetrics* Instantiator::MetricsOf(const std::string& name,
                                           const std::string& kind) {
  exec::StepMetrics*& metrics = metrics_by_name_[{name, kind}];
  if (metrics == nullptr) metrics = metrics_->Add(name, kind);
  return metrics;
}

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
  exec::StepMetrics* scan =
      MetricsOf(stage.source, tables_.at(stage.source)->scan_kind());
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

void Instantiator::Release(const StageLinks& links) {
  for (const int join : links.joins) joins_.erase(join);
  for (const std::string& step : links.steps) {
    auto* table = dynamic_cast<source::RowBufferTable*>(tables_.at(step).get());
    if (table != nullptr) table->SetRows(nullptr);
  }
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
    MetricsOf(source, tables_.at(source)->scan_kind())->bytes += rows->bytes_read();
  }
}

}  // namespace windrow::plan
