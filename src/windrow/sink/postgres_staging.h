// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/postgres/catalog.h"
#include "windrow/postgres/connection.h"

namespace windrow::sink {

/// Unlogged tables beside a target, one for each of a run's parallel COPYs, without
/// indexes and constraints. They are named windrow_staging_RUN_NUMBER, and the session
/// that made them holds an advisory lock on RUN as long as it lives: tables whose lock is
/// free are leftovers of a dead run, which the next run drops. Single-threaded.
class PostgresStaging {
 public:
  /// Drops leftovers in the target's schema, then makes `count` tables with the columns
  /// that `select_list` names. The lock is the session's of `connection`.
  static Result<PostgresStaging> Make(postgres::Connection* connection,
                                      const postgres::TargetTable& target,
                                      const std::string& select_list, int count);

  /// The tables, as statements write them.
  const std::vector<std::string>& tables() const { return tables_; }

  /// Drops the tables, as part of the transaction under way if there is one.
  Status Drop(postgres::Connection* connection) const;
  /// After the tables are gone.
  Status Unlock(postgres::Connection* connection) const;

 private:
  explicit PostgresStaging(int64_t run) : run_(run) {}

  int64_t run_;
  std::vector<std::string> tables_;
};

}  // namespace windrow::sink
