// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/bind_aggregate.h"

#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <utility>

#include "windrow/base/near_name.h"
#include "windrow/column/row_order.h"
#include "windrow/plan/aggregate_call.h"
#include "windrow/plan/expression_bind.h"
#include "windrow/plan/expression_text.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/function_table.h"
#include "windrow/plan/operator_level.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

using column::Aggregate;

/// Lowers one aggregate.
class AggregateBinder {
 public:
  AggregateBinder(const AggregateSpec& spec, const NodePtr& input,
                  const std::string& document)
      : spec_(spec), input_(input), document_(document) {
    for (const SelectItem& key : spec.by) names_.insert(key.name.value);
    for (const NamedExpression& column : spec.columns) names_.insert(column.name.value);
  }

  Result<NodePtr> Bind(const std::string& step) {
    for (const SelectItem& key : spec_.by) {
      ARROW_RETURN_NOT_OK(AtPlace(KeyPlace(key), AddKey(key)));
    }
    for (const NamedExpression& column : spec_.columns) {
      ARROW_RETURN_NOT_OK(AtPlace(column.expression.place, AddColumn(column)));
    }
    NodePtr below = input_;
    if (computes_inputs_) {
      ARROW_ASSIGN_OR_RAISE(below, MakeNode(step, ProjectNode{input_, inputs_}));
    }
    ARROW_ASSIGN_OR_RAISE(
        const NodePtr aggregate,
        MakeNode(step, AggregateNode{std::move(below), keys_, aggregates_}));
    for (size_t i = 0; i < spec_.columns.size(); ++i) {
      const ExprPtr& output = outputs_[keys_.size() + i].expression;
      ARROW_RETURN_NOT_OK(AtPlace(spec_.columns[i].expression.place,
                                  BindExpression(*output, *aggregate->schema).status()));
    }
    if (!computes_outputs_) return aggregate;
    return MakeNode(step, ProjectNode{aggregate, outputs_});
  }

 private:
  Status AtPlace(Place place, const Status& status) const {
    if (status.ok()) return status;
    return At(FormatPlace(document_, place), status);
  }

  static Place KeyPlace(const SelectItem& key) {
    return key.expression.has_value() ? key.expression->place : key.name.place;
  }

  Status AddKey(const SelectItem& key) {
    ExprPtr expression = Expr::Column(key.name.value);
    if (key.expression.has_value()) {
      ARROW_ASSIGN_OR_RAISE(expression, ParseExpression(key.expression->value));
    }
    ARROW_ASSIGN_OR_RAISE(const BoundExpression bound,
                          BindExpression(*expression, *input_->schema));
    if (!column::HasOrder(*bound.type)) {
      return UserError("key '", key.name.value, "' is ", TypeText(*bound.type),
                       "; expected a type with an order");
    }
    const bool is_column =
        expression->kind() == ExprKind::kColumn && expression->name() == key.name.value;
    computes_inputs_ |= !is_column;
    inputs_.push_back({key.name.value, std::move(expression)});
    keys_.push_back(key.name.value);
    outputs_.push_back({key.name.value, Expr::Column(key.name.value)});
    return Status::OK();
  }

  Status AddColumn(const NamedExpression& column) {
    ARROW_ASSIGN_OR_RAISE(const ExprPtr written,
                          ParseExpression(column.expression.value));
    ExprPtr output;
    if (AggregateOf(*written).has_value()) {
      ARROW_ASSIGN_OR_RAISE(output, AddCall(*written, column.name.value));
    } else {
      ARROW_ASSIGN_OR_RAISE(output, TakeOutCalls(written));
    }
    computes_outputs_ |=
        output->kind() != ExprKind::kColumn || output->name() != column.name.value;
    outputs_.push_back({column.name.value, std::move(output)});
    return Status::OK();
  }

  /// `written` with each call of an aggregate replaced by the column that holds it.
  Result<ExprPtr> TakeOutCalls(const ExprPtr& written) {
    if (AggregateOf(*written).has_value()) return AddCall(*written, std::nullopt);
    if (written->kind() == ExprKind::kColumn) {
      ARROW_RETURN_NOT_OK(CheckKey(*written));
      return written;
    }
    const auto& functions = FunctionNames();
    if (written->kind() == ExprKind::kCall &&
        LevelOfOperator(written->name()) == kPrimaryLevel &&
        !std::binary_search(functions.begin(), functions.end(), written->name())) {
      return UnknownFunction(*written);
    }
    std::vector<ExprPtr> args;
    for (const ExprPtr& arg : written->args()) {
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), TakeOutCalls(arg));
    }
    return args == written->args() ? written : written->WithArgs(std::move(args));
  }

  Status CheckKey(const Expr& column) const {
    if (std::find(keys_.begin(), keys_.end(), column.name()) != keys_.end()) {
      return Status::OK();
    }
    if (input_->schema->GetFieldIndex(column.name()) < 0) {
      std::vector<std::string> known = keys_;
      for (const std::string& name : input_->schema->field_names()) known.push_back(name);
      return ExprError(column.offset(), "unknown column '", column.name(), "'",
                       DidYouMean(column.name(), known));
    }
    return ExprError(column.offset(), "found the column '", column.name(),
                     "', which is no key; expected it inside an aggregate, as in first(",
                     column.name(), ")", DidYouMean(column.name(), keys_));
  }

  Status CheckArgument(const Expr& argument) const {
    if (AggregateOf(argument).has_value()) {
      return ExprError(argument.offset(), "found ", ToText(argument),
                       " inside another aggregate, expected an expression over columns");
    }
    for (const ExprPtr& arg : argument.args()) ARROW_RETURN_NOT_OK(CheckArgument(*arg));
    return Status::OK();
  }

  /// The column of the aggregate that holds this call, named `wanted` if it is new.
  Result<ExprPtr> AddCall(const Expr& call, const std::optional<std::string>& wanted) {
    const Aggregate function = *AggregateOf(call);
    const size_t takes = function == Aggregate::kCountRows ? 0 : 1;
    if (call.args().size() != takes) {
      return ExprError(call.offset(), "found ", call.args().size(),
                       " arguments, expected ", call.name(), "(value)",
                       call.name() == "count" ? " or count(*)" : "");
    }
    std::string argument;
    if (takes == 1) {
      ARROW_ASSIGN_OR_RAISE(argument, AddArgument(call, function));
    }
    const auto same = std::find_if(
        aggregates_.begin(), aggregates_.end(), [&](const AggregateNode::Column& column) {
          return column.function == function && column.argument == argument;
        });
    if (same != aggregates_.end()) return Expr::Column(same->name, call.offset());
    std::string name = wanted.has_value() ? *wanted : NewName(ToText(call));
    aggregates_.push_back({name, function, std::move(argument)});
    return Expr::Column(std::move(name), call.offset());
  }

  /// The input column that holds the argument of `call`.
  Result<std::string> AddArgument(const Expr& call, Aggregate function) {
    ExprPtr argument = call.args()[0];
    ARROW_RETURN_NOT_OK(CheckArgument(*argument));
    ARROW_ASSIGN_OR_RAISE(BoundExpression bound,
                          BindExpression(*argument, *input_->schema));
    if (bound.type->id() == arrow::Type::NA) {
      argument = Expr::Cast(argument, arrow::int64(), argument->offset());
      bound.type = arrow::int64();
    }
    if (column::AggregateType(function, bound.type) == nullptr) {
      const bool adds = function == Aggregate::kSum || function == Aggregate::kAvg;
      return ExprError(argument->offset(), "found ", TypeText(*bound.type), ", expected ",
                       adds ? "a number" : "a type with an order", " for ", ToText(call));
    }
    for (const auto& [name, expression] : inputs_) {
      if (expression->Equals(*argument)) return name;
    }
    std::string name;
    if (argument->kind() == ExprKind::kColumn && !IsInput(argument->name())) {
      name = argument->name();
    } else {
      name = NewName(ToText(*argument));
      computes_inputs_ = true;
    }
    inputs_.push_back({name, std::move(argument)});
    return name;
  }

  bool IsInput(const std::string& name) const {
    return std::any_of(
        inputs_.begin(), inputs_.end(),
        [&](const ProjectNode::Column& column) { return column.name == name; });
  }

  /// `text`, or something like it that nothing here is called.
  std::string NewName(std::string text) {
    while (IsInput(text) || !names_.insert(text).second) text += '\'';
    return text;
  }

  const AggregateSpec& spec_;
  const NodePtr& input_;
  const std::string& document_;
  std::set<std::string> names_;  ///< of outputs, and those made up
  std::vector<ProjectNode::Column> inputs_;
  std::vector<std::string> keys_;
  std::vector<AggregateNode::Column> aggregates_;
  std::vector<ProjectNode::Column> outputs_;
  bool computes_inputs_ = false;
  bool computes_outputs_ = false;
};

}  // namespace

Result<NodePtr> BindAggregate(const AggregateSpec& spec, const std::string& step,
                              const NodePtr& input, const std::string& document) {
  return AggregateBinder(spec, input, document).Bind(step);
}

}  // namespace windrow::plan
