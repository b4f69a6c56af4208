// SPDX-License-Identifier: Apache-2.0
#include "windrow/postgres/catalog.h"

#include <algorithm>

#include "windrow/base/near_name.h"

namespace windrow::postgres {
namespace {

struct Relation {
  std::string oid;
  std::string schema;
  std::string name;
  char kind;
};

Status NotFound(Connection* connection, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(
      const Answer tables,
      connection->Query("select case when pg_table_is_visible(c.oid) then c.relname else "
                        "n.nspname || '.' || c.relname end from pg_class c join "
                        "pg_namespace n on n.oid = c.relnamespace where c.relkind in "
                        "('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', "
                        "'information_schema', 'pg_toast') order by 1 limit 10000"));
  std::vector<std::string> names;
  for (const auto& row : tables.rows) names.push_back(row[0].value_or(""));
  return UserError(connection->url_text(), ": no table '", name, "'",
                   DidYouMean(name, names));
}

Result<Relation> FindAny(Connection* connection, const std::string& name) {
  // A table that only another schema has is not the one meant.
  ARROW_ASSIGN_OR_RAISE(
      const Answer found,
      connection->Query("select c.oid, n.nspname, c.relname, c.relkind from pg_class c "
                        "join pg_namespace n on n.oid = c.relnamespace where c.oid = "
                        "to_regclass($1) and ($2 = '' or n.nspname = $2 or "
                        "array_length(parse_ident($1), 1) > 1)",
                        {name, connection->schema()}));
  if (found.rows.empty()) return NotFound(connection, name);
  const auto& row = found.rows[0];
  return Relation{*row[0], *row[1], *row[2], row[3]->at(0)};
}

constexpr char kColumns[] =
    "select a.attname, format_type(b.oid, case when t.typtype = 'd' then t.typtypmod "
    "else "
    "a.atttypmod end), case when b.typcategory = 'A' then b.typelem else 0 end, "
    "b.typtype = 'e', a.attnotnull or t.typnotnull, a.atthasdef or a.attidentity <> '' "
    "or "
    "t.typdefault is not null, a.attgenerated <> '' or a.attidentity = 'a', "
    "has_column_privilege(a.attrelid, a.attnum, 'INSERT') "
    "from pg_attribute a join pg_type t on t.oid = a.atttypid join pg_type b on b.oid = "
    "case when t.typtype = 'd' then t.typbasetype else t.oid end "
    "where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped order by "
    "a.attnum";

bool IsTrue(const std::optional<std::string>& text) { return text == "t"; }

}  // namespace

Result<TargetTable> FindTargetTable(Connection* connection, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const Relation relation, FindAny(connection, name));
  TargetTable table;
  table.oid = static_cast<uint32_t>(std::stoul(relation.oid));
  table.schema = relation.schema;
  table.name = relation.name;
  if (relation.kind != 'r' && relation.kind != 'p' && relation.kind != 'f') {
    return UserError(connection->url_text(), ": ", table.text(),
                     " is no table; expected one that takes rows");
  }
  ARROW_ASSIGN_OR_RAISE(const Answer columns,
                        connection->Query(kColumns, {relation.oid}));
  bool may_insert = false;
  for (const auto& row : columns.rows) {
    table.columns.push_back({*row[0], *row[1], static_cast<uint32_t>(std::stoul(*row[2])),
                             IsTrue(row[3]), IsTrue(row[4]), IsTrue(row[5]),
                             IsTrue(row[6])});
    may_insert |= IsTrue(row[7]);
  }
  if (!may_insert && !table.columns.empty()) {
    return StorageError(connection->url_text(), ": permission denied for table ",
                        table.text(), "; expected the right to INSERT");
  }
  return table;
}

Result<std::string> FindRelation(Connection* connection, const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const Relation relation, FindAny(connection, name));
  return Connection::Quoted(relation.schema) + "." + Connection::Quoted(relation.name);
}

}  // namespace windrow::postgres
