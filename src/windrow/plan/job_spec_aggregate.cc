// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/job_spec_parts.h"

namespace windrow::plan {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kKeysExpected = "a list of columns and {NAME: EXPRESSION}";
constexpr std::string_view kColumnsExpected = "a map of NAME: EXPRESSION";

/// A column, a map of named expressions, or a list of these.
std::vector<SelectItem> ReadKeys(const YamlNode& node, ProblemList& problems) {
  std::vector<SelectItem> keys;
  const auto read_key = [&](const YamlNode& item) {
    if (item.kind != Kind::kMap) {
      keys.push_back({ReadColumnName(item, "by", problems), std::nullopt});
      return;
    }
    const Fields fields(item, "by", problems);
    for (const YamlEntry& entry : item.entries) {
      keys.push_back({entry.key, ReadExpression(entry.value, entry.key.value, problems)});
    }
  };
  if (node.kind != Kind::kSequence) {
    read_key(node);
    return keys;
  }
  for (const YamlNode& item : node.items) read_key(item);
  return keys;
}

}  // namespace

AggregateSpec ReadAggregate(const YamlNode& node, const std::string& owner,
                            ProblemList& problems) {
  AggregateSpec aggregate;
  if (!ExpectMap(node, "aggregate", "a map with by and columns", problems)) {
    return aggregate;
  }
  const Fields fields(node, owner, problems);
  fields.AllowOnly({"by", "columns"});
  if (const auto* by = fields.Require("by", kKeysExpected)) {
    aggregate.by = ReadKeys(*by, problems);
  }
  if (const auto* columns = fields.Require("columns", kColumnsExpected)) {
    if (!ExpectMap(*columns, "columns", kColumnsExpected, problems)) return aggregate;
    const Fields named(*columns, "columns", problems);
    for (const YamlEntry& entry : columns->entries) {
      aggregate.columns.push_back(
          {entry.key, ReadExpression(entry.value, entry.key.value, problems)});
    }
  }
  return aggregate;
}

}  // namespace windrow::plan
