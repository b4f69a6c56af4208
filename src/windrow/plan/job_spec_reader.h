// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::plan {

/// Reads a job document: YAML, of which JSON is a subset. ${name} in a value (not in a
/// key) is filled in from `variables`; $$ is a dollar. What the document leaves out is
/// filled in (a step reads the step before it, a sink the last step), and the steps come
/// in topological order.
///
/// Fails with one user error that holds every problem of the document, a line each,
/// "DOCUMENT:LINE:COLUMN: what was found; what was expected", sorted by place. After a
/// YAML syntax error, that error is the only one.
Result<JobSpec> ReadJobSpec(std::string_view text, std::string_view document_name,
                            const std::map<std::string, std::string>& variables);

}  // namespace windrow::plan
