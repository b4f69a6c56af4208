// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression_text.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/string.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "windrow/base/near_name.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/operator_level.h"
#include "windrow/plan/type_name.h"

namespace windrow::plan {
namespace {

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the expression";
    case TokenKind::kString:
      return internal::Words("the string '", token.text, "'");
    case TokenKind::kQuotedName:
      return internal::Words('"', token.text, '"');
    default:
      return internal::Words("'", token.text, "'");
  }
}

/// Precedence climbing over the tokens.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<ExprPtr> Run() {
    ARROW_ASSIGN_OR_RAISE(ExprPtr expr, Expression());
    if (Peek().kind != TokenKind::kEnd) {
      return Unexpected("an operator or the end of the expression");
    }
    return expr;
  }

  Result<std::shared_ptr<arrow::DataType>> RunType() {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::DataType> type, Type());
    if (Peek().kind != TokenKind::kEnd) return Unexpected("the end of the type");
    return type;
  }

 private:
  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }

  Status Unexpected(std::string_view expected) const {
    return ExprError(Peek().offset, "found ", Describe(Peek()), ", expected ", expected);
  }

  bool AtSymbol(std::string_view symbol, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kSymbol && Peek(ahead).text == symbol;
  }

  bool AtWord(std::string_view word, size_t ahead = 0) const {
    return Peek(ahead).kind == TokenKind::kName &&
           arrow::internal::AsciiEqualsCaseInsensitive(Peek(ahead).text, word);
  }

  bool TakeSymbol(std::string_view symbol) {
    if (!AtSymbol(symbol)) return false;
    ++at_;
    return true;
  }

  bool TakeWord(std::string_view word) {
    if (!AtWord(word)) return false;
    ++at_;
    return true;
  }

  Status ExpectSymbol(std::string_view symbol) {
    if (TakeSymbol(symbol)) return Status::OK();
    return Unexpected(internal::Words("'", symbol, "'"));
  }

  Status ExpectWord(std::string_view word) {
    if (TakeWord(word)) return Status::OK();
    return Unexpected(word);
  }

  static Status TooDeep(int offset) {
    return ExprError(offset, "the expression is nested more than ", kMaxExprDepth,
                     " levels deep");
  }

  static Result<ExprPtr> Checked(ExprPtr expr) {
    if (expr->depth() > kMaxExprDepth) return TooDeep(expr->offset());
    return expr;
  }

  /// Enters one level of recursion; leaves it when destroyed.
  struct Nesting {
    explicit Nesting(int* depth) : depth(depth) { ++*depth; }
    ~Nesting() { --*depth; }
    int* depth;
  };

  Result<ExprPtr> Expression() { return Binary(kOrLevel); }

  /// Everything that binds at `level` or tighter.
  Result<ExprPtr> Binary(int level) {
    const Nesting nesting(&depth_);
    // A level of parentheses takes several calls, none of which the tree shows.
    if (depth_ > 2 * kMaxExprDepth) return TooDeep(Peek().offset);
    ARROW_ASSIGN_OR_RAISE(ExprPtr left, Prefix(level));
    bool compared = false;
    while (true) {
      const int offset = Peek().offset;
      const std::string name = OperatorHere();
      const int found = name.empty() ? 0 : LevelOfOperator(name);
      if (found == 0 || found < level) return left;
      if (found == kCompareLevel) {
        if (compared && !AtWord("is")) {
          return Unexpected("parentheses around the comparison before it");
        }
        compared = true;
        ARROW_ASSIGN_OR_RAISE(left, Comparison(std::move(left)));
      } else {
        ++at_;
        ARROW_ASSIGN_OR_RAISE(left, Operands(name, found, std::move(left), offset));
      }
    }
  }

  /// One operator, or for AND, OR and || the whole chain, so that long chains cost no
  /// repeated flattening.
  Result<ExprPtr> Operands(const std::string& name, int level, ExprPtr left, int offset) {
    std::vector<ExprPtr> args = {std::move(left)};
    const bool chains = name == "and" || name == "or" || name == "||";
    do {
      ARROW_ASSIGN_OR_RAISE(ExprPtr right, Binary(level + 1));
      args.push_back(std::move(right));
    } while (chains && (TakeWord(name) || TakeSymbol(name)));
    return Checked(Expr::Call(name, std::move(args), offset));
  }

  /// Name of the binary operator at the current token, or "".
  std::string OperatorHere() const {
    const Token& token = Peek();
    if (token.kind == TokenKind::kSymbol) {
      return LevelOfOperator(token.text) < kNegateLevel ? token.text : "";
    }
    if (AtWord("and")) return "and";
    if (AtWord("or")) return "or";
    if (AtWord("is") || AtWord("in") || AtWord("like") || AtWord("between")) return "in";
    if (AtWord("not") && (AtWord("in", 1) || AtWord("like", 1) || AtWord("between", 1))) {
      return "in";
    }
    return "";
  }

  Result<ExprPtr> Prefix(int level) {
    const int offset = Peek().offset;
    if (level <= kNotLevel && TakeWord("not")) {
      ARROW_ASSIGN_OR_RAISE(ExprPtr value, Binary(kNotLevel));
      return Checked(Expr::Call("not", {std::move(value)}, offset));
    }
    if (TakeSymbol("-")) {
      ARROW_ASSIGN_OR_RAISE(ExprPtr value, Binary(kNegateLevel));
      return Checked(Expr::Call("unary -", {std::move(value)}, offset));
    }
    if (TakeSymbol("+")) return Binary(kNegateLevel);
    ARROW_ASSIGN_OR_RAISE(ExprPtr value, Primary());
    while (AtSymbol("::")) {
      const int cast_offset = Peek().offset;
      ++at_;
      ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::DataType> type, Type());
      ARROW_ASSIGN_OR_RAISE(
          value, Checked(Expr::Cast(std::move(value), std::move(type), cast_offset)));
    }
    return value;
  }

  /// The comparison operator at the current token applied to `left`.
  Result<ExprPtr> Comparison(ExprPtr left) {
    const int offset = Peek().offset;
    if (Peek().kind == TokenKind::kSymbol) {
      const std::string name = tokens_[at_++].text;
      ARROW_ASSIGN_OR_RAISE(ExprPtr right, Binary(kConcatLevel));
      return Checked(Expr::Call(name, {std::move(left), std::move(right)}, offset));
    }
    if (TakeWord("is")) {
      const bool negated = TakeWord("not");
      if (!TakeWord("null")) return Unexpected(negated ? "NULL" : "NULL or NOT NULL");
      return Negate(Expr::Call("is null", {std::move(left)}, offset), negated);
    }
    const bool negated = TakeWord("not");
    std::vector<ExprPtr> args = {std::move(left)};
    if (TakeWord("in")) {
      ARROW_RETURN_NOT_OK(ExpectSymbol("("));
      ARROW_RETURN_NOT_OK(List(&args));
      return Negate(Expr::Call("in", std::move(args), offset), negated);
    }
    const bool between = TakeWord("between");
    if (!between) ARROW_RETURN_NOT_OK(ExpectWord("like"));
    ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Binary(kConcatLevel));
    if (between) {
      ARROW_RETURN_NOT_OK(ExpectWord("AND"));
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Binary(kConcatLevel));
    }
    return Negate(Expr::Call(between ? "between" : "like", std::move(args), offset),
                  negated);
  }

  static Result<ExprPtr> Negate(ExprPtr test, bool negated) {
    if (!negated) return Checked(std::move(test));
    const int offset = test->offset();
    return Checked(Expr::Call("not", {std::move(test)}, offset));
  }

  /// Expressions up to the closing parenthesis, at least one.
  Status List(std::vector<ExprPtr>* args) {
    do {
      ARROW_ASSIGN_OR_RAISE(ExprPtr arg, Expression());
      args->push_back(std::move(arg));
    } while (TakeSymbol(","));
    if (TakeSymbol(")")) return Status::OK();
    return Unexpected("',' or ')'");
  }

  Result<ExprPtr> Primary() {
    const Token& token = Peek();
    switch (token.kind) {
      case TokenKind::kInteger:
        return TakeLiteral(LiteralKind::kInteger);
      case TokenKind::kFloat:
        return TakeLiteral(LiteralKind::kFloat);
      case TokenKind::kString:
        return TakeLiteral(LiteralKind::kString);
      case TokenKind::kQuotedName:
        ++at_;
        return Expr::Column(token.text, token.offset);
      case TokenKind::kName:
        return Word();
      case TokenKind::kSymbol:
        if (TakeSymbol("(")) {
          ARROW_ASSIGN_OR_RAISE(ExprPtr inner, Expression());
          ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
          return inner;
        }
        break;
      case TokenKind::kEnd:
        break;
    }
    return Unexpected("a column, a literal or a function");
  }

  Result<ExprPtr> TakeLiteral(LiteralKind kind) {
    const Token& token = tokens_[at_++];
    return Expr::Literal(kind, token.text, token.offset);
  }

  Result<ExprPtr> Word() {
    const int offset = Peek().offset;
    if (TakeWord("null")) return Expr::Literal(LiteralKind::kNull, "", offset);
    if (TakeWord("true")) return Expr::Literal(LiteralKind::kBoolean, "true", offset);
    if (TakeWord("false")) return Expr::Literal(LiteralKind::kBoolean, "false", offset);
    if (TakeWord("case")) return Case(offset);
    if (TakeWord("cast")) return Cast(offset);
    if (Peek(1).kind == TokenKind::kString && (AtWord("date") || AtWord("timestamp"))) {
      const LiteralKind kind =
          AtWord("date") ? LiteralKind::kDate : LiteralKind::kTimestamp;
      at_ += 2;
      return Expr::Literal(kind, tokens_[at_ - 1].text, offset);
    }
    if (IsReservedWord(Peek().text)) {
      return Unexpected("a column, a literal or a function");
    }
    const std::string& name = tokens_[at_++].text;
    if (!TakeSymbol("(")) return Expr::Column(name, offset);
    return Arguments(arrow::internal::AsciiToLower(name), offset);
  }

  /// The rest of a call after its parenthesis: (*), (DISTINCT ...) or (...).
  Result<ExprPtr> Arguments(std::string function, int offset) {
    std::vector<ExprPtr> args;
    if (AtSymbol("*") && AtSymbol(")", 1)) {
      at_ += 2;
      return Expr::Call(function + " *", {}, offset);
    }
    const bool is_word = Peek(1).kind != TokenKind::kSymbol || AtSymbol("(", 1);
    if (is_word && TakeWord("distinct")) function += " distinct";
    if (!TakeSymbol(")")) ARROW_RETURN_NOT_OK(List(&args));
    return Checked(Expr::Call(std::move(function), std::move(args), offset));
  }

  Result<ExprPtr> Case(int offset) {
    std::vector<ExprPtr> args;
    const bool has_operand = !AtWord("when");
    if (has_operand) {
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Expression());
    }
    if (!AtWord("when")) return Unexpected("WHEN");
    while (TakeWord("when")) {
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Expression());
      ARROW_RETURN_NOT_OK(ExpectWord("THEN"));
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Expression());
    }
    if (TakeWord("else")) {
      ARROW_ASSIGN_OR_RAISE(args.emplace_back(), Expression());
    }
    if (!TakeWord("end")) return Unexpected("WHEN, ELSE or END");
    return Checked(Expr::Case(std::move(args), has_operand, offset));
  }

  Result<ExprPtr> Cast(int offset) {
    ARROW_RETURN_NOT_OK(ExpectSymbol("("));
    ARROW_ASSIGN_OR_RAISE(ExprPtr value, Expression());
    ARROW_RETURN_NOT_OK(ExpectWord("AS"));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::DataType> type, Type());
    ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
    return Checked(Expr::Cast(std::move(value), std::move(type), offset));
  }

  Result<std::shared_ptr<arrow::DataType>> Type() {
    if (Peek().kind != TokenKind::kName) return Unexpected("a type");
    const Token& token = tokens_[at_++];
    if (arrow::internal::AsciiEqualsCaseInsensitive(token.text, "decimal")) {
      return Decimal(token.offset);
    }
    if (std::shared_ptr<arrow::DataType> type = TypeByName(token.text)) return type;
    return ExprError(token.offset, "unknown type '", token.text, "'",
                     DidYouMean(token.text, TypeNames()));
  }

  Result<std::shared_ptr<arrow::DataType>> Decimal(int offset) {
    ARROW_RETURN_NOT_OK(ExpectSymbol("("));
    ARROW_ASSIGN_OR_RAISE(const int precision, SmallNumber());
    ARROW_RETURN_NOT_OK(ExpectSymbol(","));
    ARROW_ASSIGN_OR_RAISE(const int scale, SmallNumber());
    ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
    if (precision < 1 || precision > 76 || scale > precision) {
      return ExprError(offset, "found decimal(", precision, ",", scale,
                       "), expected 1 to 76 digits and no more of them fractional");
    }
    if (precision > 38) return arrow::decimal256(precision, scale);
    return arrow::decimal128(precision, scale);
  }

  Result<int> SmallNumber() {
    const std::string& digits = Peek().text;
    if (Peek().kind != TokenKind::kInteger || digits.size() > 3) {
      return Unexpected("a number of digits");
    }
    ++at_;
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<ExprPtr> ParseExpression(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(std::vector<Token> tokens, Tokenize(text));
  return Parser(std::move(tokens)).Run();
}

Result<std::shared_ptr<arrow::DataType>> ParseTypeText(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(std::vector<Token> tokens, Tokenize(text));
  return Parser(std::move(tokens)).RunType();
}

}  // namespace windrow::plan
