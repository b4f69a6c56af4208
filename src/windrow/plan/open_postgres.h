// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <memory>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/switches.h"
#include "windrow/exec/table.h"
#include "windrow/plan/job_spec.h"

namespace windrow::postgres {
class ConnectionPool;
}

namespace windrow::plan {

/// How the sources and sinks of one job get at databases.
struct Databases {
  std::shared_ptr<postgres::ConnectionPool> pool;
  bool binary_copy = true;  ///< see Switches
};

/// `stop` ends every wait for a server.
Databases MakeDatabases(const exec::Switches& switches, arrow::StopToken stop);

/// Looks up the columns of a scan that ReadsDatabase.
Result<std::shared_ptr<exec::Table>> OpenDatabaseTable(const ScanSpec& scan,
                                                       const Databases& databases);

/// Whether rows of `schema` can go where `write`, a database, says. Changes nothing.
Status CheckDatabaseTarget(const WriteSpec& write, const arrow::Schema& schema,
                           const Databases& databases);

Result<std::unique_ptr<exec::Sink>> OpenDatabaseSink(const WriteSpec& write,
                                                     const arrow::Schema& schema,
                                                     const Databases& databases,
                                                     exec::RunContext* context);

}  // namespace windrow::plan
