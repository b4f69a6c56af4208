// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

// A sink with partition_by {COLUMN: [VALUE, ...]} writes one file for each value: its
// path with the value in place of {COLUMN}. All of them lie in one folder.

/// The folder of the sink's files; "." when the path names none.
std::string FolderOf(const WriteSpec& write);

/// The name in FolderOf(write) of the file for `value`.
std::string FileNameFor(const WriteSpec& write, const std::string& value);

/// The paths of every file that the sink writes, its manifest included; just its path
/// when it has no partition_by.
std::vector<std::string> FilesOf(const WriteSpec& write);

/// Adds what is wrong with partition_by and manifest.
void CheckPartition(const WriteSpec& write, ProblemList& problems);

}  // namespace windrow::plan
