// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/recipe/pod_usage_data.h"

namespace windrow::cli {

/// Makes the folders, the files and reference.json of a pod-usage data set, or prints its
/// job. The output must not exist or be an empty folder; after an error it is as it was.
Status GeneratePodUsage(const recipe::PodUsageDataOptions& options,
                        const EngineOptions& engine, const arrow::StopToken& stop);

}  // namespace windrow::cli
