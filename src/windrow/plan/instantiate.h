// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/exchanged_rows.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/pipeline.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/open_postgres.h"
#include "windrow/plan/physical_plan.h"
#include "windrow/plan/stage_links.h"

namespace windrow::sink {
class PartitionedSink;
}
namespace windrow::source {
class RowBufferTable;
}
namespace windrow::exec {
class RowBuffer;
}

namespace windrow::plan {

/// Tables that were opened, by source name.
using OpenTables = std::map<std::string, std::shared_ptr<exec::Table>>;

/// In-memory results by the name of their collect sink.
using Collected =
    std::map<std::string,
             std::shared_ptr<std::vector<std::shared_ptr<arrow::RecordBatch>>>>;

/// Makes the sink of a result, by its name.
using ResultSinkOpener = std::function<Result<std::unique_ptr<exec::Sink>>(
    const std::string& name, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context)>;

/// A folder of output files that is written and not published yet.
struct WrittenFolder {
  struct File {
    std::string name;
    int64_t rows = 0;
  };
  std::string staging;   ///< where the files lie now
  std::string manifest;  ///< name of the manifest to add; "" for none
  std::vector<File> files;
  /// Makes a message about a file in `staging` name it as its user does.
  std::function<Status(const Status&)> locate;
};

/// Turns stages into running objects, and holds what one stage leaves for the next. One
/// object per run; single-threaded.
class Instantiator {
 public:
  /// `open_result` may be null: results are then collected().
  Instantiator(OpenTables tables, Databases databases, ResultSinkOpener open_result,
               exec::RunContext* context, exec::RunMetrics* metrics);
  ~Instantiator();

  /// The stage's pipeline. A sink is opened: an unwritable path fails here.
  Result<exec::Pipeline> MakePipeline(const PipelineStage& stage);
  /// When the keys count up by one, the join then has its built side.
  Result<StageResult> CheckKeys(const KeyCheckStage& stage);
  Result<StageResult> CheckKeyOrder(const KeyOrderStage& stage);
  /// After the stage of a built side ran: notes its strategy in the metrics.
  void DescribeBuilt(const BuildOutput& output);
  /// Lets go of built sides and kept rows that no stage to come takes.
  void Release(const StageLinks& links);
  /// Adds bytes that late gathers read to the metrics of their sources.
  void AddLateBytes();

  /// The folders of all sinks that were finished; they must live still.
  std::vector<WrittenFolder> WrittenFolders() const;

  exec::RunContext* context() const { return context_; }
  const Collected& collected() const { return collected_; }
  /// What the plan with an exchange wrote there, once its stage has run; null without.
  const std::shared_ptr<exec::ExchangedRows>& exchanged() const { return exchanged_; }
  /// Schema of each sink's rows, by sink target.
  const std::map<std::string, std::shared_ptr<arrow::Schema>>& sink_schemas() const {
    return sink_schemas_;
  }

 private:
  class PipelineMaker;

  exec::StepMetrics* MetricsOf(const std::string& name, const std::string& kind);
  Result<std::shared_ptr<exec::RowStore>> RowsOf(const std::string& source);
  void KeepRows(const std::string& step, std::shared_ptr<const exec::RowBuffer> rows);

  OpenTables tables_;
  Databases databases_;
  ResultSinkOpener open_result_;
  exec::RunContext* context_;
  exec::RunMetrics* metrics_;
  std::map<std::pair<std::string, std::string>, exec::StepMetrics*> metrics_by_name_;
  std::map<int, std::shared_ptr<struct JoinState>> joins_;
  std::map<std::string, std::shared_ptr<exec::RowStore>> row_stores_;
  std::vector<source::RowBufferTable*> kept_;  ///< filled by this run
  std::vector<const sink::PartitionedSink*> partitioned_sinks_;
  Collected collected_;
  std::shared_ptr<exec::ExchangedRows> exchanged_;
  std::map<std::string, std::shared_ptr<arrow::Schema>> sink_schemas_;
};

}  // namespace windrow::plan
