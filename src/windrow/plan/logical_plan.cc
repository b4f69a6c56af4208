// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/logical_plan.h"

#include <arrow/type.h>

#include <algorithm>

#include "windrow/column/measurement_columns.h"
#include "windrow/plan/expression_bind.h"

namespace windrow::plan {
namespace {

using SchemaPtr = std::shared_ptr<arrow::Schema>;

/// Share of rows assumed to pass a filter nothing is known about.
constexpr int64_t kFilterOneIn = 3;
/// Rows assumed to have one key of an aggregate in common.
constexpr int64_t kRowsOfGroup = 10;

Result<SchemaPtr> SchemaOf(const ScanNode& scan) {
  arrow::FieldVector fields;
  for (const int column : scan.columns)
    fields.push_back(scan.table->schema()->field(column));
  return arrow::schema(std::move(fields));
}

Result<SchemaPtr> SchemaOf(const FilterNode& filter) { return filter.input->schema; }
Result<SchemaPtr> SchemaOf(const SortNode& sort) { return sort.input->schema; }
Result<SchemaPtr> SchemaOf(const LimitNode& limit) { return limit.input->schema; }

Result<SchemaPtr> SchemaOf(const ProjectNode& project) {
  arrow::FieldVector fields;
  for (const auto& [name, expression] : project.columns) {
    if (expression->kind() == ExprKind::kColumn) {
      const auto field = project.input->schema->GetFieldByName(expression->name());
      if (field != nullptr) {
        fields.push_back(field->WithName(name));
        continue;
      }
    }
    ARROW_ASSIGN_OR_RAISE(const BoundExpression bound,
                          BindExpression(*expression, *project.input->schema));
    fields.push_back(arrow::field(name, bound.type));
  }
  return arrow::schema(std::move(fields));
}

Result<SchemaPtr> SchemaOf(const JoinNode& join) {
  arrow::FieldVector fields;
  for (const JoinColumn& column : join.columns) {
    const NodePtr& side = column.is_right ? join.right : join.left;
    auto field = side->schema->GetFieldByName(column.input)->WithName(column.output);
    if (column.is_right && join.how == JoinHow::kLeft) field = field->WithNullable(true);
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

Result<SchemaPtr> SchemaOf(const CollectNode& collect) {
  const arrow::Schema& input = *collect.input->schema;
  arrow::FieldVector fields;
  for (const std::string& key : collect.keys) fields.push_back(input.GetFieldByName(key));
  for (const std::string& column : collect.columns) {
    const auto item = input.GetFieldByName(column)->WithName("item");
    fields.push_back(arrow::field(column, arrow::list(item), false));
  }
  return arrow::schema(std::move(fields));
}

Result<SchemaPtr> SchemaOf(const AggregateNode& aggregate) {
  const arrow::Schema& input = *aggregate.input->schema;
  arrow::FieldVector fields;
  for (const std::string& key : aggregate.keys) {
    const auto field = input.GetFieldByName(key);
    fields.push_back(field->WithType(column::ValueType(field->type())));
  }
  for (const auto& [name, function, argument] : aggregate.columns) {
    const auto field = input.GetFieldByName(argument);
    fields.push_back(column::AggregateField(
        name, function, field == nullptr ? arrow::null() : field->type()));
  }
  return arrow::schema(std::move(fields));
}

Result<SchemaPtr> SchemaOf(const ProbeMeasurementsNode& probes) {
  return column::MeasurementSchemaOf(*probes.input->schema);
}

Result<SchemaPtr> SchemaOf(const ProbeRecordsNode&) {
  return arrow::schema(
      {arrow::field("file", arrow::dictionary(arrow::int32(), arrow::utf8()), false),
       arrow::field("record", arrow::binary(), false)});
}

Result<SchemaPtr> SchemaOf(const UnionNode& all) { return all.inputs[0]->schema; }

Result<SchemaPtr> SchemaOf(const NumberRowsNode& numbers) {
  arrow::FieldVector fields = numbers.input->schema->fields();
  fields.push_back(arrow::field(numbers.column, arrow::int64(), /*nullable=*/false));
  return arrow::schema(std::move(fields));
}

std::optional<int64_t> RowsOf(const ScanNode& scan) { return scan.table->num_rows(); }

std::optional<int64_t> RowsOf(const FilterNode& filter) {
  const auto rows = filter.input->estimated_rows;
  if (!rows.has_value()) return rows;
  return (*rows + kFilterOneIn - 1) / kFilterOneIn;
}

std::optional<int64_t> RowsOf(const ProjectNode& project) {
  return project.input->estimated_rows;
}

std::optional<int64_t> RowsOf(const JoinNode& join) {
  const auto left = join.left->estimated_rows;
  const auto right = join.right->estimated_rows;
  const bool keeps_left = join.how == JoinHow::kSemi || join.how == JoinHow::kAnti;
  if (!join.left_keys.empty() || keeps_left || !left || !right) return left;
  int64_t pairs = 0;
  return __builtin_mul_overflow(*left, *right, &pairs) ? INT64_MAX : pairs;
}

std::optional<int64_t> RowsOf(const SortNode& sort) {
  if (!sort.limit.has_value()) return sort.input->estimated_rows;
  return std::min(*sort.limit, sort.input->estimated_rows.value_or(*sort.limit));
}

std::optional<int64_t> RowsOf(const CollectNode&) { return std::nullopt; }

std::optional<int64_t> RowsOf(const AggregateNode& aggregate) {
  if (aggregate.keys.empty()) return 1;
  const auto rows = aggregate.input->estimated_rows;
  if (!rows.has_value()) return rows;
  return (*rows + kRowsOfGroup - 1) / kRowsOfGroup;
}

std::optional<int64_t> RowsOf(const ProbeMeasurementsNode& probes) {
  return probes.input->estimated_rows;
}

std::optional<int64_t> RowsOf(const UnionNode& all) {
  int64_t rows = 0;
  for (const NodePtr& input : all.inputs) {
    if (!input->estimated_rows.has_value()) return std::nullopt;
    rows += *input->estimated_rows;
  }
  return rows;
}

std::optional<int64_t> RowsOf(const ProbeRecordsNode&) { return std::nullopt; }

std::optional<int64_t> RowsOf(const NumberRowsNode& numbers) {
  return numbers.input->estimated_rows;
}

std::optional<int64_t> RowsOf(const LimitNode& limit) {
  return std::min(limit.rows, limit.input->estimated_rows.value_or(limit.rows));
}

}  // namespace

SchemaPtr PairSchema(const std::vector<JoinColumn>& columns, const arrow::Schema& left,
                     const arrow::Schema& right) {
  arrow::FieldVector fields;
  for (const JoinColumn& column : columns) {
    const arrow::Schema& side = column.is_right ? right : left;
    fields.push_back(side.GetFieldByName(column.input)->WithName(column.output));
  }
  return arrow::schema(std::move(fields));
}

Result<NodePtr> MakeNode(std::string step, decltype(LogicalNode::op) op) {
  auto node = std::make_shared<LogicalNode>();
  node->step = std::move(step);
  node->op = std::move(op);
  ARROW_ASSIGN_OR_RAISE(
      node->schema,
      std::visit([](const auto& kind) { return SchemaOf(kind); }, node->op));
  node->estimated_rows =
      std::visit([](const auto& kind) { return RowsOf(kind); }, node->op);
  return NodePtr(std::move(node));
}

Result<NodePtr> WithInputs(const LogicalNode& node, std::vector<NodePtr> inputs) {
  auto op = node.op;
  if (auto* join = std::get_if<JoinNode>(&op)) {
    join->left = inputs[0];
    join->right = inputs[1];
  } else if (auto* filter = std::get_if<FilterNode>(&op)) {
    filter->input = inputs[0];
  } else if (auto* project = std::get_if<ProjectNode>(&op)) {
    project->input = inputs[0];
  } else if (auto* sort = std::get_if<SortNode>(&op)) {
    sort->input = inputs[0];
  } else if (auto* limit = std::get_if<LimitNode>(&op)) {
    limit->input = inputs[0];
  } else if (auto* collect = std::get_if<CollectNode>(&op)) {
    collect->input = inputs[0];
  } else if (auto* aggregate = std::get_if<AggregateNode>(&op)) {
    aggregate->input = inputs[0];
  } else if (auto* all = std::get_if<UnionNode>(&op)) {
    all->inputs = std::move(inputs);
  } else if (auto* measurements = std::get_if<ProbeMeasurementsNode>(&op)) {
    measurements->input = inputs[0];
  } else if (auto* records = std::get_if<ProbeRecordsNode>(&op)) {
    records->input = inputs[0];
  } else if (auto* numbers = std::get_if<NumberRowsNode>(&op)) {
    numbers->input = inputs[0];
  }
  return MakeNode(node.step, std::move(op));
}

std::vector<NodePtr> InputsOf(const LogicalNode& node) {
  if (node.As<ScanNode>() != nullptr) return {};
  if (const auto* join = node.As<JoinNode>()) return {join->left, join->right};
  if (const auto* all = node.As<UnionNode>()) return all->inputs;
  if (const auto* filter = node.As<FilterNode>()) return {filter->input};
  if (const auto* project = node.As<ProjectNode>()) return {project->input};
  if (const auto* sort = node.As<SortNode>()) return {sort->input};
  if (const auto* collect = node.As<CollectNode>()) return {collect->input};
  if (const auto* aggregate = node.As<AggregateNode>()) return {aggregate->input};
  if (const auto* probes = node.As<ProbeMeasurementsNode>()) return {probes->input};
  if (const auto* probes = node.As<ProbeRecordsNode>()) return {probes->input};
  if (const auto* numbers = node.As<NumberRowsNode>()) return {numbers->input};
  return {node.As<LimitNode>()->input};
}

}  // namespace windrow::plan
