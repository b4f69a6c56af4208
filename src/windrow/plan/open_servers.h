// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/table.h"
#include "windrow/flight/server_access.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"

namespace windrow::plan {

// Sources that are tables of Flight servers: "grpc://HOST:PORT/TABLE".

/// Whether any of its paths is one.
bool ReadsServer(const ScanSpec& scan);

/// Adds what is wrong with a scan that ReadsServer: paths of other kinds beside, parts of
/// an address missing, keys that only files have.
void CheckServerScan(const ScanSpec& scan, Place place, ProblemList& problems);

/// Asks the servers for the schema.
Result<std::shared_ptr<exec::Table>> OpenServerTable(const ScanSpec& scan,
                                                     const flight::ServerAccess& access);

}  // namespace windrow::plan
