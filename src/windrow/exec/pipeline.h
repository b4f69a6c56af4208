// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::exec {

/// One link of a pipeline: an operator or a breaker, and where it is measured.
struct PipelineStep {
  std::unique_ptr<Operator> op;  ///< exactly one of op and breaker is set
  std::unique_ptr<Breaker> breaker;
  StepMetrics* metrics = nullptr;  ///< may be shared by several links of one step
};

/// A chain from a source to a sink, or to a last breaker that emits nothing.
struct Pipeline {
  std::unique_ptr<Source> source;
  StepMetrics* source_metrics = nullptr;
  std::vector<PipelineStep> steps;
  std::unique_ptr<Sink> sink;  ///< null when the last step is a breaker
  StepMetrics* sink_metrics = nullptr;
  /// When false, breakers and the sink may see batches in any order.
  bool preserve_order = true;
};

/// Runs the pipeline to its end: the calling thread does the fetching, the run's slots do
/// the rest. At most twice as many units as slots are in flight, so memory is bounded by
/// units, not by the input. The sink is finished but not committed. On failure or stop
/// the first failure is returned after every task has ended; the sink is not aborted
/// here.
Status RunPipeline(Pipeline* pipeline, RunContext* context);

/// How many of `rows` rows, of so many bytes together, make a batch: at most the run's
/// morsel rows and about its batch_bytes, and few enough for several slots to have work.
/// It does not follow the number of slots, as sums of floats depend on it.
int64_t PieceRows(int64_t rows, int64_t bytes, const RunContext& context);

/// Cuts `batch` into pieces of PieceRows, sharing its buffers.
std::vector<std::shared_ptr<arrow::RecordBatch>> CutIntoMorsels(
    const std::shared_ptr<arrow::RecordBatch>& batch, const RunContext& context);

}  // namespace windrow::exec
