// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <set>
#include <utility>

namespace windrow::plan {
namespace {

bool IsFlat(std::string_view function) {
  return function == "and" || function == "or" || function == "||";
}

std::vector<ExprPtr> Flatten(std::string_view function, std::vector<ExprPtr> args) {
  std::vector<ExprPtr> flat;
  flat.reserve(args.size());
  for (ExprPtr& arg : args) {
    if (arg->IsCall(function)) {
      flat.insert(flat.end(), arg->args().begin(), arg->args().end());
    } else {
      flat.push_back(std::move(arg));
    }
  }
  return flat;
}

void CollectColumns(const Expr& expr, std::set<const Expr*>* visited,
                    std::set<std::string>* seen, std::vector<std::string>* names) {
  if (!visited->insert(&expr).second) return;
  if (expr.kind() == ExprKind::kColumn && seen->insert(expr.name()).second) {
    names->push_back(expr.name());
  }
  for (const ExprPtr& arg : expr.args()) CollectColumns(*arg, visited, seen, names);
}

}  // namespace

Expr::Expr(ExprKind kind, std::string text, std::vector<ExprPtr> args, int offset)
    : kind_(kind), offset_(offset), text_(std::move(text)), args_(std::move(args)) {
  int deepest = 0;
  for (const ExprPtr& arg : args_) deepest = std::max(deepest, arg->depth());
  depth_ = deepest + 1;
}

ExprPtr Expr::Column(std::string name, int offset) {
  return ExprPtr(new Expr(ExprKind::kColumn, std::move(name), {}, offset));
}

ExprPtr Expr::Literal(LiteralKind kind, std::string text, int offset) {
  Expr* expr = new Expr(ExprKind::kLiteral, std::move(text), {}, offset);
  expr->literal_kind_ = kind;
  return ExprPtr(expr);
}

ExprPtr Expr::Call(std::string function, std::vector<ExprPtr> args, int offset) {
  if (IsFlat(function)) args = Flatten(function, std::move(args));
  if (function == "unary -" && args[0]->IsNumber()) {
    const std::string& digits = args[0]->literal_text();
    return Literal(args[0]->literal_kind(),
                   digits.starts_with("-") ? digits.substr(1) : "-" + digits, offset);
  }
  return ExprPtr(new Expr(ExprKind::kCall, std::move(function), std::move(args), offset));
}

ExprPtr Expr::Cast(ExprPtr value, std::shared_ptr<arrow::DataType> type, int offset) {
  Expr* expr = new Expr(ExprKind::kCast, "", {std::move(value)}, offset);
  expr->type_ = std::move(type);
  return ExprPtr(expr);
}

ExprPtr Expr::Case(std::vector<ExprPtr> args, bool has_operand, int offset) {
  Expr* expr = new Expr(ExprKind::kCase, "", std::move(args), offset);
  expr->has_operand_ = has_operand;
  return ExprPtr(expr);
}

bool Expr::IsNumber() const {
  return IsLiteral() &&
         (literal_kind_ == LiteralKind::kInteger || literal_kind_ == LiteralKind::kFloat);
}

ExprPtr Expr::WithArgs(std::vector<ExprPtr> args) const {
  switch (kind_) {
    case ExprKind::kColumn:
      return Column(text_, offset_);
    case ExprKind::kLiteral:
      return Literal(literal_kind_, text_, offset_);
    case ExprKind::kCall:
      return Call(text_, std::move(args), offset_);
    case ExprKind::kCast:
      return Cast(args.front(), type_, offset_);
    case ExprKind::kCase:
      return Case(std::move(args), has_operand_, offset_);
  }
  return nullptr;
}

bool Expr::Equals(const Expr& other) const {
  if (this == &other) return true;
  if (kind_ != other.kind_ || literal_kind_ != other.literal_kind_ ||
      has_operand_ != other.has_operand_ || text_ != other.text_ ||
      args_.size() != other.args_.size() || !type_ != !other.type_) {
    return false;
  }
  if (type_ && !type_->Equals(*other.type_)) return false;
  return std::equal(args_.begin(), args_.end(), other.args_.begin(),
                    [](const ExprPtr& a, const ExprPtr& b) { return a->Equals(*b); });
}

std::vector<std::string> ColumnNames(const Expr& expr) {
  std::set<const Expr*> visited;
  std::set<std::string> seen;
  std::vector<std::string> names;
  CollectColumns(expr, &visited, &seen, &names);
  return names;
}

bool IsVolatile(const Expr& expr) {
  return expr.IsCall("uuid") ||
         std::any_of(expr.args().begin(), expr.args().end(),
                     [](const ExprPtr& arg) { return IsVolatile(*arg); });
}

ExprPtr Substitute(const ExprPtr& expr,
                   const std::map<std::string, ExprPtr>& definitions) {
  if (expr->kind() == ExprKind::kColumn) {
    const auto found = definitions.find(expr->name());
    return found == definitions.end() ? expr : found->second;
  }
  std::vector<ExprPtr> args;
  args.reserve(expr->args().size());
  for (const ExprPtr& arg : expr->args()) args.push_back(Substitute(arg, definitions));
  return args == expr->args() ? expr : expr->WithArgs(std::move(args));
}

std::vector<ExprPtr> SplitConjuncts(const ExprPtr& expr) {
  if (expr->IsCall("and")) return expr->args();
  return {expr};
}

ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts) {
  if (conjuncts.empty()) return nullptr;
  if (conjuncts.size() == 1) return conjuncts.front();
  return Expr::Call("and", conjuncts, conjuncts.front()->offset());
}

}  // namespace windrow::plan
