// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// Opens the table through which later plans read a step's rows, given its name and
/// schema.
using KeptTableOpener = std::function<std::shared_ptr<exec::Table>(
    const std::string& step, std::shared_ptr<arrow::Schema> schema)>;

/// Cuts `plans` at steps whose rows are kept instead of made again for each reader: those
/// that several steps or sinks read and that group rows (aggregate, collect), so that
/// they are dear to make and small to keep, or that read what can be read once only; and
/// inputs of a union that are more than scans with filters and projects. Each such step
/// becomes a plan without a sink, in front of the plans that scan its rows.
Result<std::vector<LogicalPlan>> KeepSharedSteps(const std::vector<LogicalPlan>& plans,
                                                 const KeptTableOpener& open);

}  // namespace windrow::plan
