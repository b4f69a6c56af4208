// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <string>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/fs/object_store.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/job_spec.h"

namespace windrow::cli {

/// Reads a job document from disk and fills its variables.
Result<plan::JobSpec> LoadJob(const DocumentOptions& options);

/// Runs a job, or prints it with --print-job. On success a line for each output goes to
/// stdout; progress and logs go to stderr.
Status RunJob(const plan::JobSpec& job, const EngineOptions& options,
              const arrow::StopToken& stop);

/// Runs a job whose sinks all collect, without any output.
Result<plan::Collected> CollectJob(const plan::JobSpec& job, const EngineOptions& options,
                                   const arrow::StopToken& stop);

/// Writes a small file that appears whole or not at all, so whoever collects it never
/// reads half.
Status WriteWhole(const std::string& path, const std::string& text);

/// How the options say that object stores are reached.
Result<fs::ObjectAccess> ObjectAccessOf(const EngineOptions& options,
                                        const arrow::StopToken& stop);

/// Options of `explain`.
struct ExplainOptions {
  bool as_json = false;
  int nodes = 1;     ///< more: also the fragments of a cluster
  std::string html;  ///< page to write instead; empty: none
};

/// Shows the plan of a job without running it.
Status ExplainJob(const plan::JobSpec& job, const EngineOptions& options,
                  const ExplainOptions& explain, const arrow::StopToken& stop);

}  // namespace windrow::cli
