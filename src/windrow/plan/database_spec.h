// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

// Sources and sinks whose path is the URL of a database.

/// Whether `path` is the URL of a database and not the name of files.
bool IsDatabase(std::string_view path);
bool ReadsDatabase(const ScanSpec& scan);

/// Moves the secrets of all URLs of databases out of the paths, so that no text made from
/// the job shows one. A URL that cannot be read is a problem, and its path then is empty.
void TakeSecrets(JobSpec& job, ProblemList& problems);

/// Adds what is wrong with the keys that only databases have, or that they do not have.
void CheckDatabaseScan(const ScanSpec& scan, Place place, ProblemList& problems);
void CheckDatabaseSink(const WriteSpec& write, ProblemList& problems);

}  // namespace windrow::plan
