// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/bind.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "windrow/base/near_name.h"
#include "windrow/column/key_type.h"
#include "windrow/column/measurement_columns.h"
#include "windrow/column/row_order.h"
#include "windrow/column/store_assignment.h"
#include "windrow/plan/bind_aggregate.h"
#include "windrow/plan/bind_union.h"
#include "windrow/plan/expression_bind.h"
#include "windrow/plan/expression_text.h"
#include "windrow/plan/join_condition.h"

namespace windrow::plan {
namespace {

/// Binds the steps of one job. A step whose input failed is skipped in silence: the
/// input's problem has been noted.
class Binder {
 public:
  Binder(const JobSpec& job, const TableOpener& open_table)
      : job_(job), open_table_(open_table) {}

  Result<std::vector<LogicalPlan>> Bind() {
    FindNeeded();
    for (const SourceSpec& source : job_.sources) {
      if (needed_.contains(source.name.value)) Keep(source.name, BindSource(source));
    }
    for (const StepSpec& step : job_.steps) {
      step_ = &step;
      if (needed_.contains(step.name.value) && InputsAreBound(step)) {
        Keep(step.name,
             std::visit([&](const auto& kind) { return BindStep(kind); }, step.kind));
      }
    }
    for (const SinkSpec& sink : job_.sinks) {
      const Status status = CheckSink(sink);
      if (!status.ok()) problems_.push_back(status);
    }
    if (!problems_.empty()) return AllProblems();
    std::vector<LogicalPlan> plans;
    for (const SinkSpec& sink : job_.sinks) {
      plans.push_back({nodes_.at(InputOf(sink).value), sink});
    }
    return plans;
  }

 private:
  /// A UserError with its place in front.
  template <typename... Words>
  Status Problem(Place place, Words&&... words) const {
    return UserError(FormatPlace(job_.document_name, place), ": ",
                     std::forward<Words>(words)...);
  }

  void FindNeeded() {
    for (const SinkSpec& sink : job_.sinks) needed_.insert(InputOf(sink).value);
    for (auto step = job_.steps.rbegin(); step != job_.steps.rend(); ++step) {
      if (!needed_.contains(step->name.value)) continue;
      for (const PlacedText* input : InputsOf(step->kind)) needed_.insert(input->value);
    }
  }

  bool InputsAreBound(const StepSpec& step) const {
    const auto inputs = InputsOf(step.kind);
    return std::all_of(inputs.begin(), inputs.end(), [&](const PlacedText* input) {
      return nodes_.contains(input->value);
    });
  }

  void Keep(const PlacedText& name, const Result<NodePtr>& node) {
    if (node.ok()) {
      nodes_[name.value] = *node;
    } else {
      problems_.push_back(node.status());
    }
  }

  /// The blame of the first problem, which is the one a user meets first.
  Status AllProblems() const {
    std::string lines;
    for (const Status& problem : problems_) {
      if (!lines.empty()) lines += '\n';
      lines += problem.message();
    }
    return Fail(BlameOf(problems_.front()), lines);
  }

  Result<NodePtr> BindSource(const SourceSpec& source) {
    ARROW_ASSIGN_OR_RAISE(auto table, open_table_(source));
    std::vector<int> columns(static_cast<size_t>(table->schema()->num_fields()));
    std::iota(columns.begin(), columns.end(), 0);
    return MakeNode(source.name.value, ScanNode{std::move(table), std::move(columns)});
  }

  const NodePtr& Node(const PlacedText& name) const { return nodes_.at(name.value); }

  Result<NodePtr> Make(decltype(LogicalNode::op) op) const {
    return MakeNode(step_->name.value, std::move(op));
  }

  Status CheckColumn(const PlacedText& name, const NodePtr& node) const {
    if (node->schema->GetFieldByName(name.value) != nullptr) return Status::OK();
    if (node->schema->GetAllFieldIndices(name.value).size() > 1) {
      return Problem(name.place, "column '", name.value, "' of ", node->step,
                     " is there more than once; expected one");
    }
    return Problem(name.place, "no column '", name.value, "' in ", node->step,
                   DidYouMean(name.value, node->schema->field_names()));
  }

  Status CheckSink(const SinkSpec& sink) const {
    const auto* write = std::get_if<WriteSpec>(&sink);
    if (write == nullptr) return Status::OK();
    const auto input = nodes_.find(write->from.value);
    if (input == nodes_.end()) return Status::OK();
    for (const ColumnType& stored : write->types) {
      ARROW_RETURN_NOT_OK(CheckStored(stored, input->second));
    }
    if (!write->partition_by.has_value()) return Status::OK();
    const PlacedText& column = write->partition_by->column;
    ARROW_RETURN_NOT_OK(CheckColumn(column, input->second));
    const auto& type = input->second->schema->GetFieldByName(column.value)->type();
    const bool is_coded = type->id() == arrow::Type::DICTIONARY;
    const auto& value_type =
        is_coded ? static_cast<const arrow::DictionaryType&>(*type).value_type() : type;
    if (arrow::is_string(value_type->id()) ||
        value_type->id() == arrow::Type::STRING_VIEW) {
      return Status::OK();
    }
    return Problem(column.place, "column '", column.value, "' of ", input->second->step,
                   " is ", type->ToString(), "; expected text to partition by");
  }

  Status CheckStored(const ColumnType& stored, const NodePtr& input) const {
    ARROW_RETURN_NOT_OK(CheckColumn(stored.column, input));
    ARROW_ASSIGN_OR_RAISE(const auto type, column::SqlType::Parse(stored.type.value));
    const Status assignable = column::CheckAssignable(
        *input->schema->GetFieldByName(stored.column.value)->type(), type);
    if (assignable.ok()) return Status::OK();
    return Problem(stored.type.place, "column '", stored.column.value, "' of ",
                   input->step, ": ", assignable.message());
  }

  Result<ExprPtr> Parse(const PlacedText& text) const {
    Result<ExprPtr> expression = ParseExpression(text.value);
    if (expression.ok()) return expression;
    return At(FormatPlace(job_.document_name, text.place), expression.status());
  }

  /// Parses and types an expression over `input`, so that its problems carry its place.
  /// One that comes to a column as it is, such as a cast to its own type, is that column.
  Result<ExprPtr> BoundIn(const PlacedText& text, const NodePtr& input) const {
    ARROW_ASSIGN_OR_RAISE(ExprPtr expression, Parse(text));
    const auto bound = BindExpression(*expression, *input->schema);
    if (!bound.ok()) {
      return At(FormatPlace(job_.document_name, text.place), bound.status());
    }
    const auto* column = bound->expression.parameter();
    if (column == nullptr || column->indices.size() != 1) return expression;
    return Expr::Column(input->schema->field(column->indices[0])->name());
  }

  Result<NodePtr> BindStep(const FilterSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    ARROW_ASSIGN_OR_RAISE(ExprPtr predicate, Parse(spec.predicate));
    ARROW_RETURN_NOT_OK(At(FormatPlace(job_.document_name, spec.predicate.place),
                           BindPredicate(*predicate, *input->schema).status()));
    return Make(FilterNode{input, std::move(predicate)});
  }

  Result<NodePtr> BindStep(const SelectSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    ProjectNode project{input, {}};
    for (const SelectItem& item : spec.columns) {
      ExprPtr expression = Expr::Column(item.name.value);
      if (item.expression.has_value()) {
        ARROW_ASSIGN_OR_RAISE(expression, BoundIn(*item.expression, input));
      } else {
        ARROW_RETURN_NOT_OK(CheckColumn(item.name, input));
      }
      project.columns.push_back({item.name.value, std::move(expression)});
    }
    return Make(std::move(project));
  }

  Result<NodePtr> BindStep(const WithColumnsSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    ProjectNode project{input, {}};
    for (const std::string& name : input->schema->field_names()) {
      project.columns.push_back({name, Expr::Column(name)});
    }
    for (const NamedExpression& added : spec.columns) {
      ARROW_ASSIGN_OR_RAISE(ExprPtr expression, BoundIn(added.expression, input));
      const auto same = std::find_if(project.columns.begin(), project.columns.end(),
                                     [&](const ProjectNode::Column& column) {
                                       return column.name == added.name.value;
                                     });
      if (same != project.columns.end()) {
        same->expression = std::move(expression);
      } else {
        project.columns.push_back({added.name.value, std::move(expression)});
      }
    }
    return Make(std::move(project));
  }

  Result<NodePtr> BindStep(const JoinSpec& spec) const {
    JoinNode join{.left = Node(spec.left), .right = Node(spec.right)};
    join.how = spec.how;
    join.nulls_equal = spec.nulls_equal;
    for (const JoinKey& key : spec.on) {
      ARROW_RETURN_NOT_OK(CheckColumn(key.left, join.left));
      ARROW_RETURN_NOT_OK(CheckColumn(key.right, join.right));
      const auto left_type = join.left->schema->GetFieldByName(key.left.value)->type();
      const auto right_type = join.right->schema->GetFieldByName(key.right.value)->type();
      ARROW_RETURN_NOT_OK(At(FormatPlace(job_.document_name, key.left.place) + ": " +
                                 key.left.value + " = " + key.right.value,
                             column::CommonKeyType(*left_type, *right_type).status()));
      join.left_keys.push_back(key.left.value);
      join.right_keys.push_back(key.right.value);
    }
    ARROW_RETURN_NOT_OK(NameJoinColumns(spec, &join));
    ARROW_RETURN_NOT_OK(BindJoinCondition(spec, &join));
    return Make(std::move(join));
  }

  /// Keys with equal names come out once, as the left side's; other equal names need a
  /// suffix.
  Status NameJoinColumns(const JoinSpec& spec, JoinNode* join) const {
    std::set<std::string> names;
    for (const std::string& name : join->left->schema->field_names()) {
      join->columns.push_back({false, name, name});
      names.insert(name);
    }
    if (spec.how == JoinHow::kSemi || spec.how == JoinHow::kAnti) return Status::OK();
    std::set<std::string> wanted;
    if (spec.columns.has_value()) {
      for (const PlacedText& column : *spec.columns) {
        ARROW_RETURN_NOT_OK(CheckColumn(column, join->right));
        wanted.insert(column.value);
      }
    }
    for (const std::string& name : join->right->schema->field_names()) {
      if (spec.columns.has_value() && !wanted.contains(name)) continue;
      bool is_shared_key = false;
      for (size_t k = 0; k < join->left_keys.size(); ++k) {
        is_shared_key |= join->left_keys[k] == name && join->right_keys[k] == name;
      }
      if (is_shared_key) continue;
      std::string output = name;
      if (names.contains(output) && spec.suffix.has_value()) output += spec.suffix->value;
      if (!names.insert(output).second) {
        return Problem(
            step_->name.place, "column '", output, "' is in both ", join->left->step,
            " and ", join->right->step,
            "; expected a suffix that makes it unique, such as suffix: \"_right\"");
      }
      join->columns.push_back({true, name, output});
    }
    return Status::OK();
  }

  /// The condition sees the columns of the joined rows as they are named before some are
  /// chosen.
  Status BindJoinCondition(const JoinSpec& spec, JoinNode* join) const {
    if (!spec.where.has_value()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(join->condition, Parse(*spec.where));
    auto columns =
        ConditionColumns(*join, spec.suffix.has_value() ? spec.suffix->value : "");
    ARROW_RETURN_NOT_OK(
        At(FormatPlace(job_.document_name, spec.where->place), columns.status()));
    join->condition_columns = *std::move(columns);
    return Status::OK();
  }

  Status CheckOrdered(const PlacedText& name, const NodePtr& node, bool has_order) const {
    if (has_order) return Status::OK();
    return Problem(name.place, "column '", name.value, "' is ",
                   node->schema->GetFieldByName(name.value)->type()->ToString(),
                   "; expected a type with an order");
  }

  Result<NodePtr> BindStep(const CollectSpec& spec) const {
    CollectNode collect{Node(spec.from), {}, {}, {}, std::nullopt};
    const NodePtr& input = collect.input;
    const auto has_order = [&](const PlacedText& name) {
      return column::HasOrder(*input->schema->GetFieldByName(name.value)->type());
    };
    for (const PlacedText& key : spec.by) {
      ARROW_RETURN_NOT_OK(CheckColumn(key, input));
      ARROW_RETURN_NOT_OK(CheckOrdered(key, input, has_order(key)));
      collect.keys.push_back(key.value);
    }
    for (const SortKey& key : spec.order) {
      ARROW_RETURN_NOT_OK(CheckColumn(key.column, input));
      ARROW_RETURN_NOT_OK(CheckOrdered(key.column, input, has_order(key.column)));
      collect.order.push_back({key.column.value, key.descending, key.nulls_first});
    }
    if (spec.columns.has_value()) {
      for (const PlacedText& column : *spec.columns) {
        ARROW_RETURN_NOT_OK(CheckColumn(column, input));
        collect.columns.push_back(column.value);
      }
    } else {
      for (const std::string& name : input->schema->field_names()) {
        const bool is_key = std::find(collect.keys.begin(), collect.keys.end(), name) !=
                            collect.keys.end();
        if (!is_key) collect.columns.push_back(name);
      }
    }
    if (spec.max_rows.has_value()) collect.max_rows = spec.max_rows->value;
    return Make(std::move(collect));
  }

  Result<NodePtr> BindStep(const AggregateSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    for (const SelectItem& key : spec.by) {
      if (key.expression.has_value()) continue;
      ARROW_RETURN_NOT_OK(CheckColumn(key.name, input));
    }
    return BindAggregate(spec, step_->name.value, input, job_.document_name);
  }

  Result<NodePtr> BindStep(const SortSpec& spec) const {
    SortNode sort{Node(spec.from), {}, std::nullopt};
    for (const SortKey& key : spec.keys) {
      ARROW_RETURN_NOT_OK(CheckColumn(key.column, sort.input));
      const auto& type = *sort.input->schema->GetFieldByName(key.column.value)->type();
      ARROW_RETURN_NOT_OK(
          CheckOrdered(key.column, sort.input, !arrow::is_nested(type.id())));
      sort.keys.push_back({key.column.value, key.descending, key.nulls_first});
    }
    if (spec.limit.has_value()) sort.limit = spec.limit->value;
    return Make(std::move(sort));
  }

  /// The paths that a source scans, else the name of the step.
  std::string OriginOf(const NodePtr& node) const {
    const auto source = std::find_if(
        job_.sources.begin(), job_.sources.end(),
        [&](const SourceSpec& spec) { return spec.name.value == node->step; });
    if (source == job_.sources.end()) return node->step;
    const auto* scan = std::get_if<ScanSpec>(&source->kind);
    if (scan == nullptr) return node->step;
    std::string paths;
    for (const PlacedText& path : scan->paths) {
      paths += (paths.empty() ? "" : ", ") + path.value;
    }
    return paths;
  }

  Result<NodePtr> BindStep(const ProbeMeasurementsSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    const Status usable = column::MeasurementSchemaOf(*input->schema).status();
    if (!usable.ok()) {
      return Problem(step_->name.place, OriginOf(input), ": ", usable.message());
    }
    return Make(ProbeMeasurementsNode{input, spec.null_source});
  }

  Result<NodePtr> BindStep(const ProbeRecordsSpec& spec) const {
    const NodePtr& input = Node(spec.from);
    const Status usable = column::FindMeasurementLists(*input->schema).status();
    if (!usable.ok()) {
      return Problem(step_->name.place, OriginOf(input), ": ", usable.message());
    }
    if (spec.split == ProbeSplit::kSorted && input->As<CollectNode>() == nullptr) {
      return Problem(step_->name.place, "split: sorted reads ", input->step,
                     "; expected a collect, which knows how many groups there are");
    }
    ProbeRecordsNode records{input, spec.max_row_bytes.value, spec.split,
                             spec.train_ratio.value, std::nullopt};
    if (spec.shards.has_value()) records.shards = spec.shards->value;
    return Make(std::move(records));
  }

  Result<NodePtr> BindStep(const UnionSpec& spec) const {
    std::vector<NodePtr> inputs;
    for (const PlacedText& input : spec.inputs) inputs.push_back(Node(input));
    Result<UnionNode> all = BindUnion(inputs, step_->name.value);
    if (!all.ok()) return Problem(step_->name.place, all.status().message());
    return Make(*std::move(all));
  }

  Result<NodePtr> BindStep(const LimitSpec& spec) const {
    return Make(LimitNode{Node(spec.from), spec.rows.value});
  }

  const JobSpec& job_;
  const TableOpener& open_table_;
  const StepSpec* step_ = nullptr;
  std::set<std::string> needed_;
  std::map<std::string, NodePtr> nodes_;
  std::vector<Status> problems_;
};

}  // namespace

Result<std::vector<LogicalPlan>> BindJob(const JobSpec& job,
                                         const TableOpener& open_table) {
  return Binder(job, open_table).Bind();
}

}  // namespace windrow::plan
