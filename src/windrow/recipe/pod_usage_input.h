// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "windrow/fs/object_store.h"
#include "windrow/plan/job_spec.h"
#include "windrow/recipe/pod_usage.h"

namespace windrow::recipe {

/// Whether there are files for the job of `options` to read. An input without any report
/// is well, one that is not there is a StorageError. A store has no folders: there the
/// prefix must hold something, or be a whole bucket.
Result<bool> HasPodUsageReports(const plan::JobSpec& job, const PodUsageOptions& options,
                                const fs::ObjectAccess& access);

}  // namespace windrow::recipe
