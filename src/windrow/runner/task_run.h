// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/exchanged_rows.h"
#include "windrow/plan/instantiate.h"
#include "windrow/runner/engine_options.h"
#include "windrow/runner/local_runner.h"

namespace windrow::runner {

/// One task of a fragment, in this process. What it writes depends on its documents and
/// pieces alone. Used once, by one thread; the stop token may be stopped by another.
class TaskRun {
 public:
  /// The documents are those of plan/fragment_document.h. `pieces` are the task's inputs
  /// in the order it names them. `local` are sources that are open already, by name.
  TaskRun(std::string fragment, std::string task,
          std::vector<std::shared_ptr<arrow::Buffer>> pieces, EngineOptions options,
          plan::OpenTables local = {});
  ~TaskRun();

  Status Run(const arrow::StopToken& stop);

  /// After a successful Run. The pieces' memory is this object's.
  const exec::ExchangedRows& rows() const { return *runner_->exchanged(); }
  /// What the planner is told of the task, as text.
  std::string result() const;

 private:
  const std::string fragment_;
  const std::string task_;
  std::vector<std::shared_ptr<arrow::Buffer>> pieces_;  ///< let go of by Run
  const EngineOptions options_;
  const plan::OpenTables local_;
  std::unique_ptr<LocalRunner> runner_;
};

}  // namespace windrow::runner
