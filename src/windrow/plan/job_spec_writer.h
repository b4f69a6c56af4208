// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/plan/job_spec.h"

namespace windrow::plan {

/// The job as a document that ReadJobSpec reads back as an equal one, without variables.
/// Always the same text for equal jobs: inputs are written out, options that have their
/// default are left out.
std::string WriteJobSpec(const JobSpec& job);

}  // namespace windrow::plan
