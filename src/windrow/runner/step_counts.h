// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/exec/metrics.h"

// The steps' counters of a task on another node, which count as if they had run here.
namespace windrow::runner {

/// The counters as JSON.
std::string WriteStepCounts(const exec::RunMetrics& metrics);

/// Adds counters of WriteStepCounts to those of the steps of the same name and kind. What
/// they took is taken to have ended now.
Status AddStepCounts(std::string_view json, exec::RunMetrics* metrics);

}  // namespace windrow::runner
