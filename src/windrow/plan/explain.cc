// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/explain.h"

#include <arrow/type.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

#include <algorithm>
#include <sstream>

namespace windrow::plan {
namespace {

/// One node as explain shows it, whatever the output format.
struct Shown {
  std::string step;
  std::string kind;
  std::string detail;
  std::vector<std::string> columns;
  std::optional<int64_t> estimated_rows;
  std::string strategy;
  std::string reason;
  std::vector<Shown> inputs;
};

std::string Joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string DetailOf(const ScanNode& scan) {
  const int all = scan.table->schema()->num_fields();
  return scan.table->description() + ", " + std::to_string(scan.columns.size()) + " of " +
         std::to_string(all) + " columns";
}

std::string DetailOf(const FilterNode& filter) { return ToText(*filter.predicate); }

std::string DetailOf(const ProjectNode& project) {
  std::vector<std::string> computed;
  for (const auto& [name, expression] : project.columns) {
    const bool is_same =
        expression->kind() == ExprKind::kColumn && expression->name() == name;
    if (!is_same) computed.push_back(name + " = " + ToText(*expression));
  }
  std::string text = std::to_string(project.columns.size()) + " columns";
  if (!computed.empty()) text += ": " + Joined(computed, ", ");
  return text;
}

std::string DetailOf(const JoinNode& join) {
  std::vector<std::string> keys;
  for (size_t k = 0; k < join.left_keys.size(); ++k) {
    keys.push_back(join.left_keys[k] + " = " + join.right_keys[k]);
  }
  std::string text(JoinHowName(join.how));
  text += keys.empty() ? ", all pairs" : " on " + Joined(keys, ", ");
  if (join.nulls_equal) text += ", nulls equal";
  if (join.condition != nullptr) text += ", where " + ToText(*join.condition);
  return text;
}

std::string TextOf(const SortNode::Key& key) {
  return key.column + (key.descending ? " desc" : "") +
         (key.nulls_first ? " nulls first" : "");
}

std::string DetailOf(const SortNode& sort) {
  std::vector<std::string> keys;
  for (const SortNode::Key& key : sort.keys) keys.push_back(TextOf(key));
  std::string text = Joined(keys, ", ");
  if (sort.limit.has_value()) text += ", first " + std::to_string(*sort.limit);
  return text;
}

std::string DetailOf(const CollectNode& collect) {
  std::vector<std::string> order;
  for (const SortNode::Key& key : collect.order) order.push_back(TextOf(key));
  std::string text = "by " + Joined(collect.keys, ", ");
  if (!order.empty()) text += ", in order of " + Joined(order, ", ");
  if (collect.max_rows.has_value()) {
    text += ", at most " + std::to_string(*collect.max_rows) + " rows a list";
  }
  return text;
}

std::string DetailOf(const UnionNode& all) {
  return std::to_string(all.inputs.size()) + " inputs";
}

std::string DetailOf(const AggregateNode& aggregate) {
  std::vector<std::string> columns;
  for (const auto& [name, function, argument] : aggregate.columns) {
    const std::string call = column::AggregateText(function, argument);
    columns.push_back(name == call ? name : name + " = " + call);
  }
  std::string text =
      aggregate.keys.empty() ? "all rows" : "by " + Joined(aggregate.keys, ", ");
  if (!columns.empty()) text += ": " + Joined(columns, ", ");
  return text;
}

std::string DetailOf(const NumberRowsNode& numbers) { return numbers.column; }

std::string DetailOf(const ProbeMeasurementsNode& probes) {
  return "null src_addr: " + std::string(NullSourceName(probes.null_source));
}

std::string DetailOf(const ProbeRecordsNode& probes) {
  std::ostringstream text;
  text << "at most " << probes.max_row_bytes << " bytes, split "
       << ProbeSplitName(probes.split) << " at " << probes.train_ratio;
  if (probes.shards.has_value()) text << ", shards " << *probes.shards;
  return text.str();
}

std::string DetailOf(const LimitNode& limit) {
  return std::to_string(limit.rows) + " rows";
}

std::string KindOf(const LogicalNode& node) {
  constexpr const char* kNames[] = {"scan",          "filter",    "project",
                                    "hash_join",     "sort",      "limit",
                                    "collect",       "aggregate", "probe_measurements",
                                    "probe_records", "union",     "number_rows"};
  return kNames[node.op.index()];
}

Shown Show(const LogicalNode& node, const Planner& planner) {
  Shown shown;
  shown.step = node.step;
  shown.kind = KindOf(node);
  shown.detail = std::visit([](const auto& op) { return DetailOf(op); }, node.op);
  shown.columns = node.schema->field_names();
  shown.estimated_rows = node.estimated_rows;
  if (node.As<JoinNode>() != nullptr) {
    JoinChoice choice = planner.ChoiceOf(node);
    shown.strategy = std::move(choice.strategy);
    shown.reason = std::move(choice.reason);
  }
  for (const NodePtr& input : InputsOf(node))
    shown.inputs.push_back(Show(*input, planner));
  return shown;
}

Shown Show(const LogicalPlan& plan, const Planner& planner) {
  Shown shown;
  const auto* write =
      plan.sink.has_value() ? std::get_if<WriteSpec>(&*plan.sink) : nullptr;
  if (!plan.sink.has_value()) {
    shown.step = plan.root->step;
    shown.kind = "keep";
  } else if (write != nullptr) {
    shown.step = TargetOf(*write);
    shown.kind = "write";
  } else {
    shown.step = std::get<ResultSpec>(*plan.sink).name.value;
    shown.kind = "result";
  }
  shown.columns = plan.root->schema->field_names();
  shown.detail = std::to_string(shown.columns.size()) + " columns";
  if (write != nullptr && write->partition_by.has_value()) {
    const PartitionSpec& partition = *write->partition_by;
    std::erase(shown.columns, partition.column.value);
    shown.detail = std::to_string(shown.columns.size()) + " columns to " +
                   std::to_string(partition.values.size()) + " files by " +
                   partition.column.value;
  }
  if (write != nullptr && write->replace_where.has_value()) {
    shown.detail += ", replacing where " + write->replace_where->value;
  }
  shown.estimated_rows = plan.root->estimated_rows;
  shown.inputs.push_back(Show(*plan.root, planner));
  return shown;
}

void PrintTree(const Shown& node, const std::string& prefix, bool is_last, bool is_root,
               std::ostream& out) {
  const std::string branch = is_root ? "" : is_last ? "└─ " : "├─ ";
  const std::string below = is_root ? prefix : prefix + (is_last ? "   " : "│  ");
  out << prefix << branch << node.kind << ' ' << node.step << "  [" << node.detail << ']';
  if (node.estimated_rows.has_value()) out << "  ~" << *node.estimated_rows << " rows";
  out << '\n';
  if (!node.strategy.empty()) {
    out << below << (node.inputs.empty() ? "   " : "│  ") << node.strategy << "; "
        << node.reason << '\n';
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    PrintTree(node.inputs[i], below, i + 1 == node.inputs.size(), false, out);
  }
}

using Writer = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

void PutText(Writer& json, const char* key, const std::string& text) {
  json.Key(key);
  json.String(text.c_str(), static_cast<rapidjson::SizeType>(text.size()));
}

void PutNode(Writer& json, const Shown& node) {
  json.StartObject();
  PutText(json, "step", node.step);
  PutText(json, "kind", node.kind);
  PutText(json, "detail", node.detail);
  json.Key("columns");
  json.StartArray();
  for (const std::string& column : node.columns) json.String(column.c_str());
  json.EndArray();
  json.Key("estimated_rows");
  if (node.estimated_rows.has_value()) {
    json.Int64(*node.estimated_rows);
  } else {
    json.Null();
  }
  PutText(json, "strategy", node.strategy);
  PutText(json, "reason", node.reason);
  json.Key("inputs");
  json.StartArray();
  for (const Shown& input : node.inputs) PutNode(json, input);
  json.EndArray();
  json.EndObject();
}

}  // namespace

std::string ExplainText(const PreparedJob& job, const exec::Switches& switches) {
  const Planner planner(job.plans, switches);
  std::ostringstream out;
  for (const LogicalPlan& plan : job.plans)
    PrintTree(Show(plan, planner), "", true, true, out);
  return out.str();
}

std::string ExplainJson(const PreparedJob& job, const exec::Switches& switches) {
  const Planner planner(job.plans, switches);
  rapidjson::StringBuffer text;
  Writer json(text);
  json.SetIndent(' ', 2);
  json.StartObject();
  json.Key("plans");
  json.StartArray();
  for (const LogicalPlan& plan : job.plans) PutNode(json, Show(plan, planner));
  json.EndArray();
  json.EndObject();
  return std::string(text.GetString()) + "\n";
}

}  // namespace windrow::plan
