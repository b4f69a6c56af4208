// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "windrow/fs/object_store.h"
#include "windrow/plan/fragment_planner.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/prepare.h"
#include "windrow/runner/engine_options.h"
#include "windrow/runner/local_runner.h"

namespace windrow::runner {

/// A job that is run as fragments, from the driver's side: which tasks there are, and at
/// the end the sinks, which run here. Whoever has this object runs the tasks, wherever he
/// likes, and again where one was lost. Single-threaded.
class ClusterRun {
 public:
  /// A fragment that may start now.
  struct Started {
    plan::Fragment fragment;
    std::string document;
  };
  using PieceGetter =
      std::function<Result<std::shared_ptr<arrow::Buffer>>(const plan::Piece&)>;

  /// `job` is `prepared`; both, and `runner`, are borrowed. `runner` collects the tasks'
  /// counters, runs the sinks and gives the report.
  ClusterRun(const plan::JobSpec& job, const plan::PreparedJob& prepared,
             const plan::ClusterShape& shape, const exec::Switches& switches,
             LocalRunner* runner);

  /// `results` are those of tasks that have ended since the last call (TaskRun::result).
  Result<std::vector<Started>> Next(const std::vector<std::string>& results);
  bool is_done() const { return planner_.is_done(); }
  std::vector<plan::Piece> TakeUnused() { return planner_.TakeUnused(); }
  const std::vector<plan::ExchangeDecision>& decisions() const {
    return planner_.decisions();
  }

  /// Once it is_done: writes and publishes the outputs. `get` may be called by any
  /// thread, for one piece after another.
  Status RunSinks(const PieceGetter& get);

 private:
  const plan::PreparedJob& prepared_;
  const std::string document_;  ///< of the job, for other nodes
  plan::FragmentPlanner planner_;
  LocalRunner* runner_;
};

/// A text that differs where the job, its input files (by path, size and time of change)
/// or the version of Windrow do. UserError for rows that no file holds.
Result<std::string> SignatureOf(const plan::JobSpec& job,
                                const plan::PreparedJob& prepared,
                                const fs::ObjectAccess& access);

/// Runs a job where `options` say, unless that is a Ray cluster: as it is, or as the
/// fragments of a cluster, one task after the other. `runner` has the results.
Status RunHere(const plan::JobSpec& job, const plan::PreparedJob& prepared,
               const EngineOptions& options, const arrow::StopToken& stop,
               LocalRunner* runner);

}  // namespace windrow::runner
