// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/physical_plan.h"
#include "windrow/runner/stage_graph.h"

namespace windrow::runner {

/// Runs the stages of one call of the planner: each when those have ended that make what
/// it takes, in the planner's order where there is a choice, and several at once. What no
/// stage to come takes is let go. Used once, by one thread.
class StageRun {
 public:
  /// All is borrowed. `at_once` >= 1 stages run at the same time.
  StageRun(const std::vector<plan::Stage>& stages, plan::Instantiator* instantiator,
           int at_once);

  /// The first failure, when all that ran has ended; the others then stop early.
  Status Run();

  /// After Run, by stage.
  const std::vector<plan::StageResult>& results() const { return results_; }
  /// After Run, failed or not: the sinks that were opened, in the order of stages.
  std::vector<std::unique_ptr<exec::Sink>> TakeSinks();

 private:
  void Work();
  Status RunOne(size_t index);
  Status RunPipelineOf(size_t index, const plan::PipelineStage& stage);

  const std::vector<plan::Stage>& stages_;
  exec::RunContext* context_;
  const int at_once_;
  std::vector<plan::StageResult> results_;
  std::vector<std::unique_ptr<exec::Sink>>
      sinks_;         ///< by stage; null where there is none
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  plan::Instantiator* instantiator_;
  StageGraph graph_;
  Status first_failure_;
  std::atomic<bool> has_failed_ = false;
};

}  // namespace windrow::runner
