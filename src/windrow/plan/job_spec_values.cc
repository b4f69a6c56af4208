// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>

#include "windrow/plan/inline_values.h"
#include "windrow/plan/job_spec_parts.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kRows = "a list of rows, each a list of values";

std::vector<ValuesColumn> ReadColumns(const YamlNode& node, ProblemList& problems) {
  std::vector<ValuesColumn> columns;
  if (!ExpectMap(node, "columns", "a map of NAME: TYPE", problems)) return columns;
  for (const YamlEntry& entry : node.entries) {
    columns.push_back(
        {entry.key, ReadText(entry.value, entry.key.value, "a type", problems)});
  }
  return columns;
}

ValueCell ReadCell(const YamlNode& node, bool is_text, ProblemList& problems) {
  ValueCell null(std::nullopt, node.place);
  if (node.kind == Kind::kNull) return null;
  if (node.kind != Kind::kScalar) {
    problems.Add(node.place, "found ", Describe(node),
                 " in a row; expected a text, a number, a boolean or null");
    return null;
  }
  if (!is_text) return {node.text, node.place};
  return {ReadAnyText(node, "a column of text", "text", problems).value, node.place};
}

}  // namespace

ValuesSpec ReadValues(const Fields& source, ProblemList& problems) {
  source.AllowOnly({"values", "scan"});
  if (const auto* scan = source.Find("scan")) {
    problems.Add(scan->place, "found scan and values in ", source.owner(),
                 "; expected one of them");
  }
  ValuesSpec values;
  const YamlNode& node = *source.Find("values");
  if (!ExpectMap(node, "values", "a map with columns and rows", problems)) return values;
  const Fields fields(node, source.owner(), problems);
  fields.AllowOnly({"columns", "rows"});
  if (const auto* columns = fields.Require("columns", "columns: {NAME: TYPE}")) {
    values.columns = ReadColumns(*columns, problems);
    if (columns->kind == Kind::kMap && columns->entries.empty()) {
      problems.Add(columns->place, "found no columns in ", source.owner(),
                   "; expected at least one");
    }
  }
  std::vector<bool> is_text;
  for (const ValuesColumn& column : values.columns) {
    ProblemList ignored;  // the check of the whole document reports it
    const auto type = InlineType(column, ignored);
    is_text.push_back(type != nullptr && IsText(*type));
  }
  const YamlNode* rows = fields.Require("rows", kRows);
  if (rows == nullptr) return values;
  if (rows->kind != Kind::kSequence) {
    problems.Add(rows->place, "found ", Describe(*rows), " for 'rows'; expected ", kRows);
    return values;
  }
  for (const YamlNode& row : rows->items) {
    if (row.kind != Kind::kSequence) {
      problems.Add(row.place, "found ", Describe(row), " in 'rows'; expected a list of ",
                   values.columns.size(), " values");
      continue;
    }
    Placed<std::vector<ValueCell>> cells;
    cells.place = row.place;
    for (const YamlNode& cell : row.items) {
      const size_t c = cells.value.size();
      cells.value.push_back(ReadCell(cell, c < is_text.size() && is_text[c], problems));
    }
    values.rows.push_back(std::move(cells));
  }
  return values;
}

}  // namespace windrow::plan
