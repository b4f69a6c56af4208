// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/postgres/connection.h"

namespace windrow::postgres {

/// A column of a table that rows can be put into.
struct TableColumn {
  std::string name;
  std::string type;          ///< as in SQL, of a domain its base type: "numeric(33,15)"
  uint32_t element_oid = 0;  ///< of an array; 0 for other types
  bool is_enum = false;
  bool not_null = false;
  bool has_default = false;   ///< or is an identity, and may be left out
  bool is_generated = false;  ///< by an expression or always by an identity
};

struct TargetTable {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  std::vector<TableColumn> columns;

  /// "schema"."name", for statements.
  std::string sql() const {
    return Connection::Quoted(schema) + "." + Connection::Quoted(name);
  }
  /// schema.name, for messages.
  std::string text() const { return schema + "." + name; }
};

/// The table named `name`: SQL's rules for quotes and letters, and the schema of the URL
/// where `name` has none. UserError, with a near name, when it is not there or takes no
/// rows; StorageError when rows may not be put into it.
Result<TargetTable> FindTargetTable(Connection* connection, const std::string& name);

/// `name` as statements write it, looked up as above; may be anything with rows.
Result<std::string> FindRelation(Connection* connection, const std::string& name);

}  // namespace windrow::postgres
