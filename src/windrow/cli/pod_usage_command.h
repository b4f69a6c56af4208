// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <string>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/recipe/pod_usage.h"

namespace windrow::cli {

/// Options of `pod-usage`, as typed.
struct PodUsageCommand {
  recipe::PodUsageOptions recipe;
  std::string reference;  ///< a JSON file, or the URL of a PostgreSQL database
};

/// Reads the reference, then runs the job, or prints it with --print-job.
Status RunPodUsage(const PodUsageCommand& command, const EngineOptions& engine,
                   const arrow::StopToken& stop);

}  // namespace windrow::cli
