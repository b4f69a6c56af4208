// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/plan_json.h"

#include <arrow/type.h>

#include <array>

#include "windrow/plan/expression_text.h"

namespace windrow::plan {
namespace {

using Json = rapidjson::Value;
using plan::Put;

/// In the order of column::Aggregate.
constexpr std::array kAggregates = {"count_rows", "count", "count_distinct", "sum", "min",
                                    "max",        "avg",   "first",          "last"};
/// In the order of JoinHow.
constexpr std::array kHows = {JoinHow::kInner, JoinHow::kLeft, JoinHow::kSemi,
                              JoinHow::kAnti};

void PutBool(PlanWriter& json, const char* key, bool value) {
  json.Key(key);
  json.Bool(value);
}

void Put(PlanWriter& json, const char* key, const std::optional<int64_t>& value) {
  if (value.has_value()) Put(json, key, *value);
}

void Put(PlanWriter& json, const char* key, const std::vector<std::string>& value) {
  json.Key(key);
  PutTexts(json, value);
}

void Put(PlanWriter& json, const char* key, const std::vector<SortNode::Key>& value) {
  json.Key(key);
  PutSortKeys(json, value);
}

void Put(PlanWriter& json, const char* key, const std::vector<JoinColumn>& columns) {
  json.Key(key);
  json.StartArray();
  for (const JoinColumn& column : columns) {
    json.StartArray();
    json.Bool(column.is_right);
    PutText(json, column.input);
    PutText(json, column.output);
    json.EndArray();
  }
  json.EndArray();
}

void PutOp(PlanWriter& json, const LogicalNode& node, const ScanNode& scan) {
  static_cast<void>(scan);
  Put(json, "scan", node.schema->field_names());
}

void PutOp(PlanWriter& json, const LogicalNode&, const FilterNode& filter) {
  Put(json, "filter", ToText(*filter.predicate));
}

void PutOp(PlanWriter& json, const LogicalNode&, const ProjectNode& project) {
  json.Key("project");
  json.StartArray();
  for (const auto& [name, expression] : project.columns) {
    json.StartArray();
    PutText(json, name);
    PutText(json, ToText(*expression));
    json.EndArray();
  }
  json.EndArray();
}

void PutOp(PlanWriter& json, const LogicalNode&, const JoinNode& join) {
  Put(json, "join", JoinHowName(join.how));
  Put(json, "left_keys", join.left_keys);
  Put(json, "right_keys", join.right_keys);
  PutBool(json, "nulls_equal", join.nulls_equal);
  Put(json, "columns", join.columns);
  if (join.condition == nullptr) return;
  Put(json, "condition", ToText(*join.condition));
  Put(json, "condition_columns", join.condition_columns);
}

void PutOp(PlanWriter& json, const LogicalNode&, const SortNode& sort) {
  Put(json, "sort", sort.keys);
  Put(json, "limit", sort.limit);
}

void PutOp(PlanWriter& json, const LogicalNode&, const LimitNode& limit) {
  Put(json, "limit", limit.rows);
}

void PutOp(PlanWriter& json, const LogicalNode&, const CollectNode& collect) {
  Put(json, "collect", collect.keys);
  Put(json, "order", collect.order);
  Put(json, "columns", collect.columns);
  Put(json, "max_rows", collect.max_rows);
}

void PutOp(PlanWriter& json, const LogicalNode&, const AggregateNode& aggregate) {
  Put(json, "aggregate", aggregate.keys);
  json.Key("columns");
  json.StartArray();
  for (const auto& [name, function, argument] : aggregate.columns) {
    json.StartArray();
    PutText(json, name);
    PutText(json, kAggregates[static_cast<size_t>(function)]);
    PutText(json, argument);
    json.EndArray();
  }
  json.EndArray();
}

void PutOp(PlanWriter& json, const LogicalNode&, const ProbeMeasurementsNode& probes) {
  Put(json, "probe_measurements", static_cast<int64_t>(probes.null_source));
}

void PutOp(PlanWriter& json, const LogicalNode&, const ProbeRecordsNode& records) {
  Put(json, "probe_records", static_cast<int64_t>(records.split));
  Put(json, "max_row_bytes", records.max_row_bytes);
  json.Key("train_ratio");
  json.Double(records.train_ratio);
  Put(json, "shards", records.shards);
}

void PutOp(PlanWriter& json, const LogicalNode&, const UnionNode&) {
  PutBool(json, "union", true);
}

void PutOp(PlanWriter& json, const LogicalNode&, const NumberRowsNode& numbers) {
  Put(json, "number_rows", numbers.column);
}

std::optional<int64_t> NumberOf(const Json& json, const char* key) {
  if (!json.HasMember(key)) return std::nullopt;
  return json[key].GetInt64();
}

std::vector<JoinColumn> JoinColumnsOf(const Json& json) {
  std::vector<JoinColumn> columns;
  for (const Json& column : json.GetArray()) {
    columns.push_back({column[0].GetBool(), TextOf(column[1]), TextOf(column[2])});
  }
  return columns;
}

Result<decltype(LogicalNode::op)> JoinOf(const Json& json, std::vector<NodePtr> inputs) {
  JoinNode join;
  join.left = std::move(inputs[0]);
  join.right = std::move(inputs[1]);
  const std::string how_name = TextOf(json["join"]);
  for (const JoinHow how : kHows) {
    if (JoinHowName(how) == how_name) join.how = how;
  }
  join.left_keys = TextsOf(json["left_keys"]);
  join.right_keys = TextsOf(json["right_keys"]);
  join.nulls_equal = json["nulls_equal"].GetBool();
  join.columns = JoinColumnsOf(json["columns"]);
  if (json.HasMember("condition")) {
    ARROW_ASSIGN_OR_RAISE(join.condition, ParseExpression(TextOf(json["condition"])));
    join.condition_columns = JoinColumnsOf(json["condition_columns"]);
  }
  return join;
}

AggregateNode AggregateOf(const Json& json, NodePtr input) {
  AggregateNode aggregate{std::move(input), TextsOf(json["aggregate"]), {}};
  for (const Json& column : json["columns"].GetArray()) {
    const std::string name = TextOf(column[1]);
    size_t function = 0;
    while (kAggregates.at(function) != name) ++function;
    aggregate.columns.push_back(
        {TextOf(column[0]), static_cast<column::Aggregate>(function), TextOf(column[2])});
  }
  return aggregate;
}

Result<ScanNode> ScanOf(const Json& json, const std::string& step,
                        const OpenTables& tables) {
  const auto table = tables.find(step);
  if (table == tables.end()) return InternalError("a fragment scans '", step, "'");
  ScanNode scan{table->second, {}};
  for (const std::string& name : TextsOf(json["scan"])) {
    scan.columns.push_back(table->second->schema()->GetFieldIndex(name));
    if (scan.columns.back() < 0) {
      return DataError(step, ": found no column '", name,
                       "', which the run found when it began; expected the same file");
    }
  }
  return scan;
}

Result<decltype(LogicalNode::op)> OpOf(const Json& json, const std::string& step,
                                       std::vector<NodePtr> inputs,
                                       const OpenTables& tables, int64_t first_row) {
  if (json.HasMember("scan")) return ScanOf(json, step, tables);
  if (json.HasMember("join")) return JoinOf(json, std::move(inputs));
  if (json.HasMember("union")) return UnionNode{std::move(inputs)};
  NodePtr input = std::move(inputs[0]);
  if (json.HasMember("filter")) {
    ARROW_ASSIGN_OR_RAISE(auto predicate, ParseExpression(TextOf(json["filter"])));
    return FilterNode{std::move(input), std::move(predicate)};
  }
  if (json.HasMember("project")) {
    ProjectNode project{std::move(input), {}};
    for (const Json& column : json["project"].GetArray()) {
      ARROW_ASSIGN_OR_RAISE(auto expression, ParseExpression(TextOf(column[1])));
      project.columns.push_back({TextOf(column[0]), std::move(expression)});
    }
    return project;
  }
  if (json.HasMember("sort")) {
    return SortNode{std::move(input), SortKeysOf(json["sort"]), NumberOf(json, "limit")};
  }
  if (json.HasMember("limit"))
    return LimitNode{std::move(input), *NumberOf(json, "limit")};
  if (json.HasMember("collect")) {
    return CollectNode{std::move(input), TextsOf(json["collect"]),
                       SortKeysOf(json["order"]), TextsOf(json["columns"]),
                       NumberOf(json, "max_rows")};
  }
  if (json.HasMember("aggregate")) return AggregateOf(json, std::move(input));
  if (json.HasMember("number_rows")) {
    return NumberRowsNode{std::move(input), TextOf(json["number_rows"]), first_row};
  }
  if (json.HasMember("probe_measurements")) {
    return ProbeMeasurementsNode{
        std::move(input), static_cast<NullSource>(json["probe_measurements"].GetInt64())};
  }
  return ProbeRecordsNode{std::move(input), json["max_row_bytes"].GetInt64(),
                          static_cast<ProbeSplit>(json["probe_records"].GetInt64()),
                          json["train_ratio"].GetDouble(), NumberOf(json, "shards")};
}

}  // namespace

void Put(PlanWriter& json, const char* key, std::string_view value) {
  json.Key(key);
  PutText(json, value);
}

void Put(PlanWriter& json, const char* key, int64_t value) {
  json.Key(key);
  json.Int64(value);
}

void PutText(PlanWriter& json, std::string_view text) {
  json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutTexts(PlanWriter& json, const std::vector<std::string>& texts) {
  json.StartArray();
  for (const std::string& text : texts) PutText(json, text);
  json.EndArray();
}

void PutSortKeys(PlanWriter& json, const std::vector<SortNode::Key>& keys) {
  json.StartArray();
  for (const SortNode::Key& key : keys) {
    json.StartArray();
    PutText(json, key.column);
    json.Bool(key.descending);
    json.Bool(key.nulls_first);
    json.EndArray();
  }
  json.EndArray();
}

void PutPlan(PlanWriter& json, const LogicalNode& node) {
  json.StartObject();
  Put(json, "step", node.step);
  std::visit([&](const auto& op) { PutOp(json, node, op); }, node.op);
  json.Key("inputs");
  json.StartArray();
  for (const NodePtr& input : InputsOf(node)) PutPlan(json, *input);
  json.EndArray();
  json.EndObject();
}

Result<NodePtr> PlanOf(const rapidjson::Value& json, const OpenTables& tables,
                       int64_t first_row) {
  std::vector<NodePtr> inputs;
  for (const Json& input : json["inputs"].GetArray()) {
    ARROW_ASSIGN_OR_RAISE(inputs.emplace_back(), PlanOf(input, tables, first_row));
  }
  std::string step = TextOf(json["step"]);
  ARROW_ASSIGN_OR_RAISE(auto op, OpOf(json, step, std::move(inputs), tables, first_row));
  return MakeNode(std::move(step), std::move(op));
}

std::vector<std::string> TextsOf(const rapidjson::Value& json) {
  std::vector<std::string> texts;
  for (const Json& text : json.GetArray()) texts.push_back(TextOf(text));
  return texts;
}

std::vector<SortNode::Key> SortKeysOf(const rapidjson::Value& json) {
  std::vector<SortNode::Key> keys;
  for (const Json& key : json.GetArray()) {
    keys.push_back({TextOf(key[0]), key[1].GetBool(), key[2].GetBool()});
  }
  return keys;
}

std::string TextOf(const rapidjson::Value& json) {
  return {json.GetString(), json.GetStringLength()};
}

}  // namespace windrow::plan
