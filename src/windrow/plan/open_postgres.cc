// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/open_postgres.h"

#include "windrow/postgres/connection_pool.h"
#include "windrow/sink/postgres_sink.h"
#include "windrow/source/postgres_table.h"

namespace windrow::plan {
namespace {

sink::PostgresSinkOptions OptionsOf(const WriteSpec& write, const Databases& databases) {
  sink::PostgresSinkOptions options;
  options.url = {write.path.value, write.secrets};
  options.table = write.table->value;
  options.binary_copy = databases.binary_copy;
  if (write.replace_where.has_value()) options.replace_where = write.replace_where->value;
  if (write.parallel.has_value())
    options.parallel = static_cast<int>(write.parallel->value);
  return options;
}

}  // namespace

Databases MakeDatabases(const exec::Switches& switches, arrow::StopToken stop) {
  return {std::make_shared<postgres::ConnectionPool>(std::move(stop)),
          switches.binary_copy};
}

Result<std::shared_ptr<exec::Table>> OpenDatabaseTable(const ScanSpec& scan,
                                                       const Databases& databases) {
  source::PostgresTableOptions options;
  options.url = {scan.paths[0].value, scan.secrets};
  if (scan.table.has_value()) options.table = scan.table->value;
  if (scan.query.has_value()) options.query = scan.query->value;
  return source::OpenPostgresTable(options, databases.pool);
}

Status CheckDatabaseTarget(const WriteSpec& write, const arrow::Schema& schema,
                           const Databases& databases) {
  return sink::PostgresSink::Check(OptionsOf(write, databases), schema, databases.pool);
}

Result<std::unique_ptr<exec::Sink>> OpenDatabaseSink(const WriteSpec& write,
                                                     const arrow::Schema& schema,
                                                     const Databases& databases,
                                                     exec::RunContext* context) {
  return sink::PostgresSink::Make(OptionsOf(write, databases), schema, databases.pool,
                                  context);
}

}  // namespace windrow::plan
