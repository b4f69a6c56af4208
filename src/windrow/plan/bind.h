// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "windrow/plan/job_spec.h"
#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// Opens what a source of a job names. Given by the caller, so that plans can be made
/// over tables of any kind.
using TableOpener =
    std::function<Result<std::shared_ptr<exec::Table>>(const SourceSpec& source)>;

/// Resolves names and types of a job: one plan per sink, in the job's order. Opens each
/// source once, and only those a sink needs. Every problem that can be seen at once is
/// reported at once: one line each, "DOCUMENT:LINE:COLUMN: …".
Result<std::vector<LogicalPlan>> BindJob(const JobSpec& job,
                                         const TableOpener& open_table);

}  // namespace windrow::plan
