// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/bind_union.h"

#include <arrow/type.h>

#include <memory>
#include <set>
#include <utility>

#include "windrow/plan/type_name.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

TypePtr PlainType(const TypePtr& type) {
  if (type->id() != arrow::Type::DICTIONARY) return type;
  return static_cast<const arrow::DictionaryType&>(*type).value_type();
}

/// The columns of all inputs, in the order in which they are met.
std::vector<std::string> AllColumns(const std::vector<NodePtr>& inputs) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const NodePtr& input : inputs) {
    for (const std::string& name : input->schema->field_names()) {
      if (seen.insert(name).second) names.push_back(name);
    }
  }
  return names;
}

Result<TypePtr> CommonType(const std::vector<NodePtr>& inputs, const std::string& name) {
  TypePtr common;
  const LogicalNode* first = nullptr;
  for (const NodePtr& input : inputs) {
    const auto field = input->schema->GetFieldByName(name);
    if (field == nullptr) continue;
    if (common == nullptr) {
      common = field->type();
      first = input.get();
    }
    if (field->type()->Equals(*common)) continue;
    const TypePtr wider = Widen(PlainType(common), PlainType(field->type()));
    if (wider == nullptr) {
      return UserError("column '", name, "' is ", TypeText(*common), " in ", first->step,
                       " and ", TypeText(*field->type()), " in ", input->step,
                       "; expected types that go together, or a cast");
    }
    common = wider;
  }
  return common;
}

/// The column of `input`, of type `type`; null where it has none.
ExprPtr AdaptedColumn(const NodePtr& input, const std::string& name,
                      const TypePtr& type) {
  const auto field = input->schema->GetFieldByName(name);
  if (field == nullptr) {
    return Expr::Cast(Expr::Literal(LiteralKind::kNull, ""), type);
  }
  ExprPtr column = Expr::Column(name);
  return field->type()->Equals(*type) ? column : Expr::Cast(std::move(column), type);
}

}  // namespace

Result<UnionNode> BindUnion(const std::vector<NodePtr>& inputs, const std::string& step) {
  const std::vector<std::string> names = AllColumns(inputs);
  std::vector<TypePtr> types;
  for (const std::string& name : names) {
    ARROW_ASSIGN_OR_RAISE(TypePtr type, CommonType(inputs, name));
    types.push_back(std::move(type));
  }
  UnionNode all;
  for (const NodePtr& input : inputs) {
    ProjectNode project{input, {}};
    bool is_changed = input->schema->field_names() != names;
    for (size_t i = 0; i < names.size(); ++i) {
      ExprPtr column = AdaptedColumn(input, names[i], types[i]);
      is_changed |= column->kind() != ExprKind::kColumn;
      project.columns.push_back({names[i], std::move(column)});
    }
    NodePtr adapted = input;
    if (is_changed) {
      ARROW_ASSIGN_OR_RAISE(adapted, MakeNode(step, std::move(project)));
    }
    all.inputs.push_back(std::move(adapted));
  }
  return all;
}

}  // namespace windrow::plan
