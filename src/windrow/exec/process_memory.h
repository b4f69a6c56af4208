// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::exec {

/// Half of what this process may use: of the least limit of its cgroup and the groups
/// above it, or of the machine's memory. The default of --memory.
int64_t DefaultBudgetBytes();

/// The files that may hold a memory limit of a process, from the texts of its
/// /proc/PID/cgroup and /proc/PID/mountinfo: for each mounted memory hierarchy, version 1
/// or 2, the process's group and every group above it that the mount shows.
std::vector<std::string> MemoryLimitFiles(std::string_view cgroup,
                                          std::string_view mountinfo);

/// Anonymous and shared memory of this process now, from /proc/self/status.
int64_t AnonymousBytesNow();

/// Highest resident size of this process so far, mapped files included.
int64_t PeakResidentBytes();

}  // namespace windrow::exec
