// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/rewrite.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <map>
#include <set>

#include "windrow/column/measurement_columns.h"
#include "windrow/plan/expression_bind.h"

namespace windrow::plan {
namespace {

using Names = std::set<std::string>;

// ---- Rule 1: limit over sort ----

Result<NodePtr> FuseLimits(const NodePtr& node) {
  std::vector<NodePtr> inputs = InputsOf(*node);
  for (NodePtr& input : inputs) {
    ARROW_ASSIGN_OR_RAISE(input, FuseLimits(input));
  }
  if (const auto* limit = node->As<LimitNode>()) {
    if (const auto* sort = inputs[0]->As<SortNode>()) {
      SortNode fused = *sort;
      fused.limit = std::min(limit->rows, sort->limit.value_or(limit->rows));
      return MakeNode(inputs[0]->step, std::move(fused));
    }
  }
  return WithInputs(*node, std::move(inputs));
}

// ---- Rule 2: filters move down ----

/// True when evaluating `expr` on some row can be an error: integer overflow, a cast of
/// text that is no number. Arithmetic on floats cannot fail, and neither can comparisons.
bool CanFail(const ExprPtr& expr, const arrow::Schema& schema) {
  static const Names kSafe = {"and",         "or",        "not",      "=",     "<>",
                              "<",           "<=",        ">",        ">=",    "is null",
                              "is not null", "in",        "between",  "like",  "||",
                              "coalesce",    "nullif",    "if",       "lower", "upper",
                              "length",      "trim",      "ltrim",    "rtrim", "concat",
                              "starts_with", "ends_with", "contains", "is_nan"};
  static const Names kSafeOnFloats = {"+", "-", "*", "/", "unary -", "abs", "round"};
  if (expr->kind() == ExprKind::kCast) return true;
  if (expr->kind() == ExprKind::kCall && !kSafe.contains(expr->name())) {
    if (!kSafeOnFloats.contains(expr->name())) return true;
    const Result<BoundExpression> bound = BindExpression(*expr, schema);
    if (!bound.ok() || !arrow::is_floating(bound->type->id())) return true;
  }
  return std::any_of(expr->args().begin(), expr->args().end(),
                     [&](const ExprPtr& arg) { return CanFail(arg, schema); });
}

Result<NodePtr> Filtered(const NodePtr& input, const std::vector<ExprPtr>& conjuncts,
                         const std::string& step) {
  if (conjuncts.empty()) return input;
  return MakeNode(step, FilterNode{input, JoinConjuncts(conjuncts)});
}

/// Conjuncts on their way down, and the step they came from.
struct Falling {
  std::vector<ExprPtr> conjuncts;
  std::string step;
};

Result<NodePtr> PushDown(const NodePtr& node, Falling falling);

Result<NodePtr> PushThroughFilter(const FilterNode& filter, const std::string& step,
                                  const Falling& falling) {
  Falling next = {SplitConjuncts(filter.predicate),
                  falling.conjuncts.empty() ? step : falling.step};
  std::vector<ExprPtr> stay;
  for (const ExprPtr& conjunct : falling.conjuncts) {
    (CanFail(conjunct, *filter.input->schema) ? stay : next.conjuncts)
        .push_back(conjunct);
  }
  ARROW_ASSIGN_OR_RAISE(NodePtr input, PushDown(filter.input, std::move(next)));
  return Filtered(input, stay, falling.step);
}

Result<NodePtr> PushThroughProject(const ProjectNode& project, const std::string& step,
                                   const Falling& falling) {
  std::map<std::string, ExprPtr> definitions;
  for (const auto& [name, expression] : project.columns) definitions[name] = expression;
  Falling next{{}, falling.step};
  std::vector<ExprPtr> stay;
  for (const ExprPtr& conjunct : falling.conjuncts) {
    ExprPtr moved = Substitute(conjunct, definitions);
    // What is random must be drawn once.
    (IsVolatile(*moved) ? stay : next.conjuncts)
        .push_back(IsVolatile(*moved) ? conjunct : std::move(moved));
  }
  ARROW_ASSIGN_OR_RAISE(NodePtr input, PushDown(project.input, std::move(next)));
  ARROW_ASSIGN_OR_RAISE(const NodePtr made,
                        MakeNode(step, ProjectNode{std::move(input), project.columns}));
  return Filtered(made, stay, falling.step);
}

Result<NodePtr> PushIntoJoin(const LogicalNode& node, const JoinNode& join,
                             const Falling& falling) {
  std::map<std::string, ExprPtr> left_names;
  std::map<std::string, ExprPtr> right_names;
  for (const JoinColumn& column : join.columns) {
    (column.is_right ? right_names : left_names)[column.output] =
        Expr::Column(column.input);
  }
  auto reads_only = [](const ExprPtr& expr, const std::map<std::string, ExprPtr>& names) {
    const std::vector<std::string> read = ColumnNames(*expr);
    return !read.empty() && std::all_of(read.begin(), read.end(), [&](const auto& name) {
      return names.contains(name);
    });
  };
  Falling left{{}, falling.step};
  Falling right{{}, falling.step};
  std::vector<ExprPtr> stay;
  for (const ExprPtr& conjunct : falling.conjuncts) {
    if (CanFail(conjunct, *node.schema)) {
      stay.push_back(conjunct);
    } else if (reads_only(conjunct, left_names)) {
      left.conjuncts.push_back(Substitute(conjunct, left_names));
    } else if (join.how == JoinHow::kInner && reads_only(conjunct, right_names)) {
      right.conjuncts.push_back(Substitute(conjunct, right_names));
    } else {
      stay.push_back(conjunct);
    }
  }
  JoinNode pushed = join;
  ARROW_ASSIGN_OR_RAISE(pushed.left, PushDown(join.left, std::move(left)));
  ARROW_ASSIGN_OR_RAISE(pushed.right, PushDown(join.right, std::move(right)));
  ARROW_ASSIGN_OR_RAISE(NodePtr joined, MakeNode(node.step, std::move(pushed)));
  return Filtered(joined, stay, falling.step);
}

/// What concerns keys alone holds for all rows of a key or for none. `Groups` is a
/// CollectNode or an AggregateNode.
template <typename Groups>
Result<NodePtr> PushIntoGroups(const LogicalNode& node, const Groups& groups,
                               const Falling& falling) {
  const Names keys(groups.keys.begin(), groups.keys.end());
  Falling next{{}, falling.step};
  std::vector<ExprPtr> stay;
  for (const ExprPtr& conjunct : falling.conjuncts) {
    const std::vector<std::string> read = ColumnNames(*conjunct);
    const bool reads_keys =
        !read.empty() && std::all_of(read.begin(), read.end(), [&](const auto& name) {
          return keys.contains(name);
        });
    (reads_keys && !CanFail(conjunct, *node.schema) ? next.conjuncts : stay)
        .push_back(conjunct);
  }
  Groups pushed = groups;
  ARROW_ASSIGN_OR_RAISE(pushed.input, PushDown(groups.input, std::move(next)));
  ARROW_ASSIGN_OR_RAISE(const NodePtr kept, MakeNode(node.step, std::move(pushed)));
  return Filtered(kept, stay, falling.step);
}

/// A condition on rows of a union is one on rows of each input.
Result<NodePtr> PushIntoUnion(const LogicalNode& node, UnionNode all,
                              const Falling& falling) {
  for (NodePtr& input : all.inputs) {
    ARROW_ASSIGN_OR_RAISE(input, PushDown(input, falling));
  }
  return MakeNode(node.step, std::move(all));
}

Result<NodePtr> PushDown(const NodePtr& node, Falling falling) {
  if (const auto* filter = node->As<FilterNode>()) {
    return PushThroughFilter(*filter, node->step, falling);
  }
  if (const auto* project = node->As<ProjectNode>()) {
    return PushThroughProject(*project, node->step, falling);
  }
  if (const auto* join = node->As<JoinNode>()) return PushIntoJoin(*node, *join, falling);
  if (const auto* all = node->As<UnionNode>()) {
    return PushIntoUnion(*node, *all, falling);
  }
  if (const auto* collect = node->As<CollectNode>()) {
    return PushIntoGroups(*node, *collect, falling);
  }
  if (const auto* aggregate = node->As<AggregateNode>()) {
    return PushIntoGroups(*node, *aggregate, falling);
  }
  if (const auto* sort = node->As<SortNode>();
      sort != nullptr && !sort->limit.has_value()) {
    ARROW_ASSIGN_OR_RAISE(NodePtr input, PushDown(sort->input, std::move(falling)));
    return WithInputs(*node, {std::move(input)});
  }
  std::vector<NodePtr> inputs = InputsOf(*node);
  for (NodePtr& input : inputs) {
    ARROW_ASSIGN_OR_RAISE(input, PushDown(input, {}));
  }
  ARROW_ASSIGN_OR_RAISE(const NodePtr kept, WithInputs(*node, std::move(inputs)));
  return Filtered(kept, falling.conjuncts, falling.step);
}

// ---- Rule 3: only columns that are used ----

Names AllNames(const NodePtr& node) {
  const auto names = node->schema->field_names();
  return {names.begin(), names.end()};
}

Result<NodePtr> Prune(const NodePtr& node, const Names& used);

Result<NodePtr> PruneJoin(const LogicalNode& node, JoinNode join, const Names& used) {
  std::erase_if(join.columns,
                [&](const JoinColumn& column) { return !used.contains(column.output); });
  Names left(join.left_keys.begin(), join.left_keys.end());
  Names right(join.right_keys.begin(), join.right_keys.end());
  for (const JoinColumn& column : join.columns) {
    (column.is_right ? right : left).insert(column.input);
  }
  for (const JoinColumn& column : join.condition_columns) {
    (column.is_right ? right : left).insert(column.input);
  }
  ARROW_ASSIGN_OR_RAISE(join.left, Prune(join.left, left));
  ARROW_ASSIGN_OR_RAISE(join.right, Prune(join.right, right));
  return MakeNode(node.step, std::move(join));
}

Result<NodePtr> PruneCollect(const LogicalNode& node, CollectNode collect,
                             const Names& used) {
  std::erase_if(collect.columns,
                [&](const std::string& column) { return !used.contains(column); });
  Names below(collect.keys.begin(), collect.keys.end());
  below.insert(collect.columns.begin(), collect.columns.end());
  for (const SortNode::Key& key : collect.order) below.insert(key.column);
  ARROW_ASSIGN_OR_RAISE(collect.input, Prune(collect.input, below));
  return MakeNode(node.step, std::move(collect));
}

/// `node` with these columns, in this order, and no others.
Result<NodePtr> Select(const NodePtr& node, const std::vector<std::string>& names) {
  if (node->schema->field_names() == names) return node;
  ProjectNode wanted{node, {}};
  for (const std::string& name : names) {
    wanted.columns.push_back({name, Expr::Column(name)});
  }
  return MakeNode(node->step, std::move(wanted));
}

Result<NodePtr> PruneUnion(const LogicalNode& node, UnionNode all, const Names& used) {
  std::vector<std::string> names;
  for (const std::string& name : node.schema->field_names()) {
    if (used.contains(name)) names.push_back(name);
  }
  for (NodePtr& input : all.inputs) {
    ARROW_ASSIGN_OR_RAISE(input, Prune(input, used));
    ARROW_ASSIGN_OR_RAISE(input, Select(input, names));
  }
  return MakeNode(node.step, std::move(all));
}

Result<NodePtr> PruneAggregate(const LogicalNode& node, AggregateNode aggregate,
                               const Names& used) {
  std::erase_if(aggregate.columns, [&](const AggregateNode::Column& column) {
    return !used.contains(column.name);
  });
  Names below(aggregate.keys.begin(), aggregate.keys.end());
  for (const AggregateNode::Column& column : aggregate.columns) {
    if (!column.argument.empty()) below.insert(column.argument);
  }
  ARROW_ASSIGN_OR_RAISE(aggregate.input, Prune(aggregate.input, below));
  return MakeNode(node.step, std::move(aggregate));
}

Result<NodePtr> Prune(const NodePtr& node, const Names& used) {
  if (const auto* aggregate = node->As<AggregateNode>()) {
    return PruneAggregate(*node, *aggregate, used);
  }
  if (const auto* collect = node->As<CollectNode>()) {
    return PruneCollect(*node, *collect, used);
  }
  if (const auto* join = node->As<JoinNode>()) return PruneJoin(*node, *join, used);
  if (const auto* all = node->As<UnionNode>()) return PruneUnion(*node, *all, used);
  if (const auto* scan = node->As<ScanNode>()) {
    ScanNode pruned = *scan;
    std::erase_if(pruned.columns, [&](int column) {
      return !used.contains(scan->table->schema()->field(column)->name());
    });
    return MakeNode(node->step, std::move(pruned));
  }
  if (node->As<ProbeMeasurementsNode>() || node->As<ProbeRecordsNode>()) {
    // They make all their columns, whichever are used.
    Names measured;
    for (int column = 0; column < column::kNumMeasurementColumns; ++column) {
      measured.insert(column::MeasurementColumnName(column));
    }
    ARROW_ASSIGN_OR_RAISE(NodePtr input, Prune(InputsOf(*node)[0], measured));
    return WithInputs(*node, {std::move(input)});
  }
  Names below = used;
  auto read = [&](const ExprPtr& expr) {
    for (std::string& name : ColumnNames(*expr)) below.insert(std::move(name));
  };
  if (const auto* project = node->As<ProjectNode>()) {
    ProjectNode pruned = *project;
    std::erase_if(pruned.columns, [&](const ProjectNode::Column& column) {
      return !used.contains(column.name);
    });
    below.clear();
    for (const auto& column : pruned.columns) read(column.expression);
    ARROW_ASSIGN_OR_RAISE(pruned.input, Prune(project->input, below));
    return MakeNode(node->step, std::move(pruned));
  }
  if (const auto* filter = node->As<FilterNode>()) read(filter->predicate);
  if (const auto* sort = node->As<SortNode>()) {
    for (const SortNode::Key& key : sort->keys) below.insert(key.column);
  }
  std::vector<NodePtr> inputs = InputsOf(*node);
  ARROW_ASSIGN_OR_RAISE(inputs[0], Prune(inputs[0], below));
  return WithInputs(*node, std::move(inputs));
}

}  // namespace

Result<NodePtr> RewritePlan(const NodePtr& root, bool push_filters) {
  ARROW_ASSIGN_OR_RAISE(NodePtr node, FuseLimits(root));
  if (push_filters) {
    ARROW_ASSIGN_OR_RAISE(node, PushDown(node, {}));
  }
  ARROW_ASSIGN_OR_RAISE(node, Prune(node, AllNames(root)));
  return Select(node, root->schema->field_names());
}

}  // namespace windrow::plan
