// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/column_types.h"

#include <set>

#include "windrow/column/declared_type.h"
#include "windrow/plan/yaml_fields.h"

namespace windrow::plan {
namespace {

void CheckNames(const std::vector<ColumnType>& types, std::string_view what,
                ProblemList& problems) {
  std::set<std::string_view> seen;
  for (const ColumnType& type : types) {
    if (seen.insert(type.column.value).second) continue;
    problems.Add(type.column.place, "found the column '", type.column.value,
                 "' twice for '", what, "'; expected each name once");
  }
}

}  // namespace

std::vector<ColumnType> ReadColumnTypes(const YamlNode& node, std::string_view what,
                                        ProblemList& problems) {
  std::vector<ColumnType> types;
  if (!ExpectMap(node, "'" + std::string(what) + "'", "{COLUMN: TYPE, ...}", problems)) {
    return types;
  }
  if (node.entries.empty()) {
    problems.Add(node.place, "found no columns for '", what,
                 "'; expected {COLUMN: TYPE, ...}");
  }
  for (const YamlEntry& entry : node.entries) {
    types.push_back(
        {entry.key, ReadText(entry.value, what, "a type such as bigint", problems)});
  }
  return types;
}

Result<std::optional<column::SqlType>> ReadDeclaredType(const std::string& text) {
  if (text == "any") return std::nullopt;
  if (text == "labels") {
    column::SqlType labels;
    labels.takes_labels = true;
    return labels;
  }
  ARROW_ASSIGN_OR_RAISE(const auto type, column::SqlType::Parse(text));
  ARROW_RETURN_NOT_OK(column::CheckDeclarable(type));
  return type;
}

void CheckDeclaredTypes(const ScanSpec& scan, ProblemList& problems) {
  CheckNames(scan.schema, "schema", problems);
  for (const ColumnType& declared : scan.schema) {
    if (declared.type.value.empty()) continue;
    const auto type = ReadDeclaredType(declared.type.value);
    if (!type.ok()) problems.Add(declared.type.place, type.status().message());
  }
}

void CheckStoredTypes(const WriteSpec& write, ProblemList& problems) {
  CheckNames(write.types, "types", problems);
  for (const ColumnType& stored : write.types) {
    if (stored.type.value.empty()) continue;
    const auto type = column::SqlType::Parse(stored.type.value);
    if (!type.ok()) problems.Add(stored.type.place, type.status().message());
    if (write.partition_by.has_value() && write.partition_by->column == stored.column) {
      problems.Add(stored.column.place, "found the column '", stored.column.value,
                   "' for 'types'; expected none that files are partitioned by, as it is "
                   "not written");
    }
  }
}

std::vector<std::string> JsonColumnsOf(const std::vector<ColumnType>& types) {
  std::vector<std::string> columns;
  for (const ColumnType& stored : types) {
    const auto type = column::SqlType::Parse(stored.type.value);
    if (!type.ok()) continue;
    const bool is_json =
        type->kind == column::SqlKind::kJson || type->kind == column::SqlKind::kJsonb;
    const bool is_number =
        type->kind == column::SqlKind::kNumeric && type->precision == 0;
    if (is_json || is_number) columns.push_back(stored.column.value);
  }
  return columns;
}

}  // namespace windrow::plan
