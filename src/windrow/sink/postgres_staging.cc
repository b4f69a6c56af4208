// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/postgres_staging.h"

#include <array>
#include <cstdio>
#include <map>
#include <random>

namespace windrow::sink {
namespace {

using postgres::Answer;
using postgres::Connection;

int64_t RandomRun() {
  std::random_device device;
  return static_cast<int64_t>((uint64_t{device()} << 32) | device());
}

std::string Hex(int64_t run) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(run));
  return text.data();
}

std::string DropOf(const std::vector<std::string>& tables) {
  std::string sql = "drop table if exists ";
  for (size_t i = 0; i < tables.size(); ++i) sql += (i > 0 ? ", " : "") + tables[i];
  return sql;
}

Status DropLeftovers(Connection* connection, const postgres::TargetTable& target) {
  ARROW_ASSIGN_OR_RAISE(
      const Answer found,
      connection->Query(
          "select c.relname, ('x' || substr(c.relname, 17, 16))::bit(64)::bigint "
          "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
          "where n.nspname = $1 and c.relkind = 'r' and c.relpersistence = 'u' and "
          "c.relname ~ '^windrow_staging_[0-9a-f]{16}_[0-9]+$' and "
          "pg_has_role(c.relowner, 'USAGE') order by c.relname",
          {target.schema}));
  std::map<std::string, std::vector<std::string>> by_run;
  for (const auto& row : found.rows) {
    by_run[*row[1]].push_back(Connection::Quoted(target.schema) + "." +
                              Connection::Quoted(*row[0]));
  }
  for (const auto& [run, tables] : by_run) {
    ARROW_ASSIGN_OR_RAISE(const Answer locked,
                          connection->Query("select pg_try_advisory_lock($1)", {run}));
    if (locked.rows[0][0] != "t") continue;  // its run is alive
    const Status dropped = connection->Query(DropOf(tables)).status();
    ARROW_RETURN_NOT_OK(
        connection->Query("select pg_advisory_unlock($1)", {run}).status());
    ARROW_RETURN_NOT_OK(dropped);
  }
  return Status::OK();
}

}  // namespace

Result<PostgresStaging> PostgresStaging::Make(Connection* connection,
                                              const postgres::TargetTable& target,
                                              const std::string& select_list, int count) {
  ARROW_RETURN_NOT_OK(DropLeftovers(connection, target));
  PostgresStaging staging(RandomRun());
  // Locked before the tables are there, so that nobody takes them for leftovers.
  ARROW_RETURN_NOT_OK(
      connection->Query("select pg_advisory_lock($1)", {std::to_string(staging.run_)})
          .status());
  for (int i = 0; i < count; ++i) {
    const std::string name =
        "windrow_staging_" + Hex(staging.run_) + "_" + std::to_string(i);
    staging.tables_.push_back(Connection::Quoted(target.schema) + "." +
                              Connection::Quoted(name));
    ARROW_RETURN_NOT_OK(connection
                            ->Query("create unlogged table " + staging.tables_.back() +
                                    " with (autovacuum_enabled = off) as select " +
                                    select_list + " from " + target.sql() +
                                    " with no data")
                            .status());
  }
  return staging;
}

Status PostgresStaging::Drop(Connection* connection) const {
  return connection->Query(DropOf(tables_)).status();
}

Status PostgresStaging::Unlock(Connection* connection) const {
  return connection->Query("select pg_advisory_unlock($1)", {std::to_string(run_)})
      .status();
}

}  // namespace windrow::sink
