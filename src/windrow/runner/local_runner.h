// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/exec/idle_cache.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/switches.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/prepare.h"
#include "windrow/runner/run_report.h"

namespace windrow::runner {

struct RunOptions {
  int slots = 0;             ///< CPU threads; 0: one per core
  int64_t memory_bytes = 0;  ///< budget; 0: exec::DefaultBudgetBytes()
  std::string temp_dir;      ///< for spill files; empty: TMPDIR, or else /tmp
  exec::Switches switches;
};

/// The least --memory: below it single batches of wide tables do not fit.
inline constexpr int64_t kLeastMemoryBytes = int64_t{64} << 20;

/// Runs jobs on this machine's cores. One object runs one job; progress may be read from
/// another thread while it does.
class LocalRunner {
 public:
  LocalRunner(RunOptions options, arrow::StopToken stop);
  ~LocalRunner();

  /// Starts the clock of the report, which Run otherwise does.
  void Begin();
  /// Runs every stage, then publishes every output. When anything fails, or the token is
  /// stopped, all outputs are as they were before; only a publishing that fails after
  /// another one succeeded leaves that one published.
  Status Run(const plan::PreparedJob& job);

  /// Counters of the run so far.
  const exec::RunMetrics& metrics() const { return metrics_; }
  /// For counters of what ran elsewhere.
  exec::RunMetrics* mutable_metrics() { return &metrics_; }
  /// The results of the collect sinks, after a successful Run.
  const plan::Collected& collected() const { return collected_; }
  /// What the plan with an exchange wrote there, after a successful Run; in memory of
  /// this object.
  const std::shared_ptr<exec::ExchangedRows>& exchanged() const { return exchanged_; }
  const std::map<std::string, std::shared_ptr<arrow::Schema>>& sink_schemas() const {
    return sink_schemas_;
  }
  /// Lets go of memory that is kept for reuse. For a runner that lives on for the sake of
  /// its results.
  void ReleaseUnused() { budget_.ReleaseUnused(); }
  int64_t memory_bytes() const { return options_.memory_bytes; }
  /// What the last Run did; complete after it, failed or not.
  RunReport Report(const std::string& job_name) const;

 private:
  Status RunStages(const plan::PreparedJob& job, plan::Instantiator* instantiator,
                   std::vector<std::unique_ptr<exec::Sink>>* sinks);

  RunOptions options_;
  arrow::StopToken stop_;
  exec::RunCache cache_;
  exec::MemoryBudget budget_;
  exec::RunMetrics metrics_;
  plan::Collected collected_;
  std::shared_ptr<exec::ExchangedRows> exchanged_;
  std::map<std::string, std::shared_ptr<arrow::Schema>> sink_schemas_;
  std::string started_at_;
  int64_t start_nanos_ = 0;  ///< 0: not begun
  double cpu_start_ = 0;
  double wall_seconds_ = 0;
  double cpu_seconds_ = 0;
  int64_t peak_memory_bytes_ = 0;
  RunReport::Timeline timeline_;
};

}  // namespace windrow::runner
