// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/table_lock.h"

#include <spdlog/spdlog.h>

namespace windrow::postgres {

Status LockForWriting(Connection* connection, const TargetTable& table) {
  // The first number keeps apart from locks of other programs; the table's own number
  // does not change with its name.
  constexpr char kLockClass[] = "1464748882";  // "WNDR"
  const std::string key = std::string("(") + kLockClass + ", '" +
                          std::to_string(table.oid) + "'::oid::bigint::bit(32)::integer)";
  ARROW_ASSIGN_OR_RAISE(const Answer tried,
                        connection->Query("select pg_try_advisory_xact_lock" + key));
  if (tried.rows[0][0] == "t") return Status::OK();
  spdlog::warn("{}: waiting for another run that writes {}", connection->url_text(),
               table.text());
  return connection->Query("select pg_advisory_xact_lock" + key).status();
}

}  // namespace windrow::postgres
