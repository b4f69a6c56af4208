// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <vector>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/recipe/key_counts.h"
#include "windrow/runner/load_report.h"

namespace windrow::cli {

/// Runs the join of both tables on `nodes` Ray nodes of this machine, three ways: a
/// plain shuffle, one with hot keys handled, and what the planner chooses. The schemas
/// are those of the tables; every column is moved.
Result<std::vector<runner::LoadReport::Measured>> MeasureLoad(
    const recipe::KeyCountsOptions& tables, const arrow::Schema& left,
    const arrow::Schema& right, int64_t left_rows, int nodes, const EngineOptions& engine,
    const arrow::StopToken& stop);

}  // namespace windrow::cli
