// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "windrow/exec/switches.h"
#include "windrow/flight/server_access.h"
#include "windrow/fs/object_store.h"
#include "windrow/plan/bind.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/logical_plan.h"
#include "windrow/plan/open_postgres.h"

namespace windrow::plan {

/// A file that a source reads.
struct InputFile {
  std::string path;
  std::string source;
  int64_t size_bytes = 0;
  auto operator<=>(const InputFile&) const = default;
};

/// How a job reaches what it reads and writes. The stop of `objects` ends waits for
/// object stores and databases, also those of the run.
struct Access {
  fs::ObjectAccess objects;
  flight::ServerAccess servers;
  OpenTables opened;  ///< sources that are open already, by name
};

/// A job with its sources opened and its plans rewritten: ready to explain or to run.
struct PreparedJob {
  OpenTables tables;
  /// Names of sources that only this process can read: rows in memory, and databases,
  /// whose secrets do not travel.
  std::set<std::string> local_sources;
  Databases databases;
  std::vector<LogicalPlan> plans;
  ResultSinkOpener open_result;   ///< for results; null: they are kept in memory
  std::string document;           ///< the job as text
  std::vector<InputFile> inputs;  ///< by path; filled when a sink asks for a manifest
};

/// The files that the scans among `opened` read, by path.
Result<std::vector<InputFile>> ListInputs(const JobSpec& job, const OpenTables& opened,
                                          const fs::ObjectAccess& access);

Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches,
                               const Access& access = {});

}  // namespace windrow::plan
