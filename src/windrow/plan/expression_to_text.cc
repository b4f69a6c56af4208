// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <utility>

#include "windrow/plan/expression.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/operator_level.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

/// Comparisons that are written with words and can be negated inside.
bool IsTest(std::string_view name) {
  return name == "is null" || name == "in" || name == "between" || name == "like";
}

/// The level an expression has where it stands: what binds looser needs parentheses.
int LevelOf(const Expr& expr) {
  if (expr.IsNumber() && expr.literal_text().starts_with("-")) return kNegateLevel;
  if (expr.kind() != ExprKind::kCall) return kPrimaryLevel;
  if (!expr.IsCall("not")) return LevelOfOperator(expr.name());
  const Expr& value = *expr.args()[0];
  const bool is_inside = value.kind() == ExprKind::kCall && IsTest(value.name());
  return is_inside ? kCompareLevel : kNotLevel;
}

class Writer {
 public:
  std::string Finish() { return std::move(text_); }

  void Write(const Expr& expr) {
    switch (expr.kind()) {
      case ExprKind::kColumn:
        return IsPlainName(expr.name()) ? Put(expr.name()) : Quote(expr.name(), '"');
      case ExprKind::kLiteral:
        return WriteLiteral(expr);
      case ExprKind::kCall:
        return WriteCall(expr);
      case ExprKind::kCast:
        Put("CAST(");
        Write(*expr.args()[0]);
        Put(" AS ");
        Put(TypeText(*expr.cast_type()));
        return Put(")");
      case ExprKind::kCase:
        return WriteCase(expr);
    }
  }

 private:
  void Put(std::string_view piece) { text_ += piece; }

  void Quote(std::string_view content, char quote) {
    text_ += quote;
    for (char c : content) {
      text_ += c;
      if (c == quote) text_ += quote;
    }
    text_ += quote;
  }

  void WriteLiteral(const Expr& literal) {
    switch (literal.literal_kind()) {
      case LiteralKind::kNull:
        return Put("NULL");
      case LiteralKind::kBoolean:
        return Put(literal.literal_text() == "true" ? "TRUE" : "FALSE");
      case LiteralKind::kInteger:
      case LiteralKind::kFloat:
        return Put(literal.literal_text());
      case LiteralKind::kDate:
        Put("DATE ");
        break;
      case LiteralKind::kTimestamp:
        Put("TIMESTAMP ");
        break;
      case LiteralKind::kString:
        break;
    }
    Quote(literal.literal_text(), '\'');
  }

  void WriteAt(const Expr& expr, int lowest_level) {
    const bool needs_parentheses = LevelOf(expr) < lowest_level;
    if (needs_parentheses) Put("(");
    Write(expr);
    if (needs_parentheses) Put(")");
  }

  void WriteList(const Expr& expr, size_t first, std::string_view before = "") {
    Put("(");
    Put(before);
    for (size_t i = first; i < expr.args().size(); ++i) {
      if (i > first) Put(", ");
      Write(*expr.args()[i]);
    }
    Put(")");
  }

  void WriteChain(const Expr& expr, std::string_view symbol, int first_level, int level) {
    WriteAt(*expr.args()[0], first_level);
    for (size_t i = 1; i < expr.args().size(); ++i) {
      Put(" ");
      Put(symbol);
      Put(" ");
      WriteAt(*expr.args()[i], level);
    }
  }

  void WriteTest(const Expr& test, std::string_view negation) {
    const auto& args = test.args();
    WriteAt(*args[0], kConcatLevel);
    Put(test.IsCall("is null") ? " IS " : " ");
    Put(negation);
    if (test.IsCall("is null")) return Put("NULL");
    if (test.IsCall("in")) {
      Put("IN ");
      return WriteList(test, 1);
    }
    Put(test.IsCall("like") ? "LIKE " : "BETWEEN ");
    WriteAt(*args[1], kConcatLevel);
    if (args.size() == 2) return;
    Put(" AND ");
    WriteAt(*args[2], kConcatLevel);
  }

  void WriteCase(const Expr& expr) {
    const auto& args = expr.args();
    size_t i = 0;
    Put("CASE");
    if (expr.has_operand()) {
      Put(" ");
      Write(*args[i++]);
    }
    for (; i + 1 < args.size(); i += 2) {
      Put(" WHEN ");
      Write(*args[i]);
      Put(" THEN ");
      Write(*args[i + 1]);
    }
    if (i < args.size()) {
      Put(" ELSE ");
      Write(*args[i]);
    }
    Put(" END");
  }

  void WriteCall(const Expr& expr) {
    const int level = LevelOf(expr);
    const std::string& name = expr.name();
    if (level == kPrimaryLevel) {
      const size_t space = name.find(' ');
      Put(name.substr(0, space));
      if (name.ends_with(" *")) return Put("(*)");
      return WriteList(expr, 0, name.ends_with(" distinct") ? "DISTINCT " : "");
    }
    if (level == kNegateLevel) {
      // A second minus goes in parentheses, so that it does not read as a comment.
      Put("-");
      return WriteAt(*expr.args()[0], kCastLevel);
    }
    if (name == "not") {
      if (level == kCompareLevel) return WriteTest(*expr.args()[0], "NOT ");
      Put("NOT ");
      return WriteAt(*expr.args()[0], kNotLevel);
    }
    if (IsTest(name)) return WriteTest(expr, "");
    if (level == kCompareLevel) return WriteChain(expr, name, kConcatLevel, kConcatLevel);
    std::string_view symbol = name;
    if (level == kAndLevel) symbol = "AND";
    if (level == kOrLevel) symbol = "OR";
    WriteChain(expr, symbol, level, level + 1);
  }

  std::string text_;
};

}  // namespace

std::string ToText(const Expr& expr) {
  Writer writer;
  writer.Write(expr);
  return writer.Finish();
}

}  // namespace windrow::plan
