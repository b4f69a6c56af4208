// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::plan {

class Expr;
using ExprPtr = std::shared_ptr<const Expr>;

enum class ExprKind { kColumn, kLiteral, kCall, kCast, kCase };

enum class LiteralKind { kNull, kBoolean, kInteger, kFloat, kString, kDate, kTimestamp };

/// The deepest expression the parser builds and the binder accepts: deeper ones could
/// exhaust a worker's stack here or in Arrow.
inline constexpr int kMaxExprDepth = 200;

/// One node of an expression as written. Operators are calls named by their symbol or
/// lower-case keyword ("+", "and", "is null", "in", "between", "like", "unary -"); f(*)
/// is a call of "f *" and f(DISTINCT x) one of "f distinct". AND, OR and || take two or
/// more arguments and never hold an argument of their own kind, so that long chains stay
/// flat. Immutable and thread-safe.
class Expr {
 public:
  /// `offset`, everywhere: character position of the node in its text, from 0.
  static ExprPtr Column(std::string name, int offset = 0);
  /// `text` is the literal's content: digits with an optional minus, unquoted string,
  /// date or timestamp text, "true" or "false"; empty for null.
  static ExprPtr Literal(LiteralKind kind, std::string text, int offset = 0);
  /// `function` in lower case. A negated number becomes a negative literal.
  static ExprPtr Call(std::string function, std::vector<ExprPtr> args, int offset = 0);
  static ExprPtr Cast(ExprPtr value, std::shared_ptr<arrow::DataType> type,
                      int offset = 0);
  /// `args`: the operand if `has_operand`, then pairs of WHEN and THEN, then an optional
  /// ELSE.
  static ExprPtr Case(std::vector<ExprPtr> args, bool has_operand, int offset = 0);

  ExprKind kind() const { return kind_; }
  int offset() const { return offset_; }
  /// 1 for a leaf.
  int depth() const { return depth_; }
  /// Column or function name.
  const std::string& name() const { return text_; }
  LiteralKind literal_kind() const { return literal_kind_; }
  const std::string& literal_text() const { return text_; }
  const std::vector<ExprPtr>& args() const { return args_; }
  /// Target of a cast.
  const std::shared_ptr<arrow::DataType>& cast_type() const { return type_; }
  bool has_operand() const { return has_operand_; }

  bool IsCall(std::string_view function) const {
    return kind_ == ExprKind::kCall && text_ == function;
  }
  bool IsLiteral() const { return kind_ == ExprKind::kLiteral; }
  bool IsNumber() const;

  /// The same node with other arguments.
  ExprPtr WithArgs(std::vector<ExprPtr> args) const;

  /// Same tree; offsets do not count.
  bool Equals(const Expr& other) const;

 private:
  Expr(ExprKind kind, std::string text, std::vector<ExprPtr> args, int offset);

  ExprKind kind_;
  LiteralKind literal_kind_ = LiteralKind::kNull;
  bool has_operand_ = false;
  int offset_;
  int depth_;
  std::string text_;
  std::vector<ExprPtr> args_;
  std::shared_ptr<arrow::DataType> type_;
};

/// Names of the columns `expr` reads, each once, in order of first use.
std::vector<std::string> ColumnNames(const Expr& expr);

/// Whether computing `expr` again gives other values.
bool IsVolatile(const Expr& expr);

/// `expr` with each column found in `definitions` replaced; the replacements themselves
/// are not searched. Unchanged subtrees are shared.
ExprPtr Substitute(const ExprPtr& expr,
                   const std::map<std::string, ExprPtr>& definitions);

/// The parts of a conjunction; `expr` alone when it is none.
std::vector<ExprPtr> SplitConjuncts(const ExprPtr& expr);

/// The conjunction of `conjuncts`; null when there are none.
ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts);

/// SQL text that parses to an equal expression, with no more parentheses than that needs.
std::string ToText(const Expr& expr);

}  // namespace windrow::plan
