// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/plan/job_spec.h"

namespace windrow::cli {

/// Runs a job on the Ray cluster that --on names, by `python -m windrow.runner` of
/// WINDROW_PYTHON, or else of the environment in which the command was built, or else of
/// the first python3 that PATH finds. The runner's own messages
/// and lines of outputs go where this process's go; a Status of an exit code without a
/// message is made of a failure that it has told.
/// `is_quiet`: no lines of outputs.
Status RunOnRay(const plan::JobSpec& job, const EngineOptions& options,
                const arrow::StopToken& stop, bool is_quiet = false);

}  // namespace windrow::cli
