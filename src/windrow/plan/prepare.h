// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windrow/exec/switches.h"
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

/// A job with its sources opened and its plans rewritten: ready to explain or to run.
struct PreparedJob {
  OpenTables tables;
  Databases databases;
  std::vector<LogicalPlan> plans;
  std::string document;           ///< the job as text
  std::vector<InputFile> inputs;  ///< by path; filled when a sink asks for a manifest
};

/// `access` says how object stores are reached; its stop ends waits for servers, also
/// those of the run.
Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches,
                               const fs::ObjectAccess& access = {});

}  // namespace windrow::plan
