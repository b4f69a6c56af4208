// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "windrow/exec/table.h"
#include "windrow/postgres/connection_pool.h"

namespace windrow::source {

struct PostgresTableOptions {
  postgres::DatabaseUrl url;
  std::string table;  ///< either this, as SQL writes it,
  std::string query;  ///< or this
};

/// Opens a table, view or query of PostgreSQL: its columns are looked up, no row is read.
/// A scan reads the asked columns by one COPY (…) TO STDOUT (FORMAT binary); the rows are
/// those of one moment, in the server's order. Types without a like in Arrow come as
/// their text, and so do numerics without bounds. Rows cannot be addressed again.
Result<std::shared_ptr<exec::Table>> OpenPostgresTable(
    const PostgresTableOptions& options, std::shared_ptr<postgres::ConnectionPool> pool);

}  // namespace windrow::source
