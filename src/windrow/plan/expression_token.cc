// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression_token.h"

#include <arrow/util/string.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace windrow::plan {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool StartsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) Advance(1);
      if (at_ == text_.size()) break;
      ARROW_RETURN_NOT_OK(Next());
    }
    tokens_.push_back({TokenKind::kEnd, "", offset_});
    return std::move(tokens_);
  }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  char Peek(size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  /// Moves over `bytes` and counts the characters among them.
  void Advance(size_t bytes) {
    for (size_t end = at_ + bytes; at_ < end; ++at_) {
      if ((text_[at_] & 0xC0) != 0x80) ++offset_;
    }
  }

  void Emit(TokenKind kind, std::string text, size_t bytes) {
    tokens_.push_back({kind, std::move(text), offset_});
    Advance(bytes);
  }

  Status Next() {
    const char c = text_[at_];
    if (StartsName(c)) return Name();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number();
    if (c == '\'') return Quoted(TokenKind::kString, c);
    if (c == '"') return Quoted(TokenKind::kQuotedName, c);
    return Symbol();
  }

  Status Name() {
    size_t length = 1;
    while (StartsName(Peek(length)) || IsDigit(Peek(length))) ++length;
    Emit(TokenKind::kName, std::string(text_.substr(at_, length)), length);
    return Status::OK();
  }

  Status Number() {
    size_t length = 0;
    bool is_float = false;
    while (IsDigit(Peek(length))) ++length;
    if (Peek(length) == '.') {
      is_float = true;
      ++length;
      while (IsDigit(Peek(length))) ++length;
    }
    if (Peek(length) == 'e' || Peek(length) == 'E') {
      const size_t sign = Peek(length + 1) == '+' || Peek(length + 1) == '-' ? 1 : 0;
      if (IsDigit(Peek(length + 1 + sign))) {
        is_float = true;
        length += 1 + sign;
        while (IsDigit(Peek(length))) ++length;
      }
    }
    std::string digits(text_.substr(at_, length));
    if (StartsName(Peek(length)) || Peek(length) == '.') {
      return ExprError(offset_, "found '", digits, Peek(length), "', expected a number");
    }
    if (std::isinf(std::strtod(digits.c_str(), nullptr))) {
      return ExprError(offset_, "the number '", digits.substr(0, 20),
                       "' is too large, expected at most 1.797e308");
    }
    Emit(is_float ? TokenKind::kFloat : TokenKind::kInteger, std::move(digits), length);
    return Status::OK();
  }

  Status Quoted(TokenKind kind, char quote) {
    std::string content;
    size_t length = 1;
    while (at_ + length < text_.size()) {
      if (Peek(length) == quote) {
        if (Peek(length + 1) != quote) {
          if (kind == TokenKind::kQuotedName && content.empty()) {
            return ExprError(offset_, "found an empty name");
          }
          Emit(kind, std::move(content), length + 1);
          return Status::OK();
        }
        ++length;
      }
      content += Peek(length++);
    }
    return ExprError(offset_, "found a ", quote,
                     " that is never closed, expected another ", quote);
  }

  Status Symbol() {
    static constexpr std::array<std::string_view, 22> kSymbols = {
        "<>", "!=", "<=", ">=", "||", "::", "//", "==", "--", "(", ")",
        ",",  "+",  "-",  "*",  "/",  "%",  "=",  "<",  ">",  "[", "]"};
    for (std::string_view symbol : kSymbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      if (symbol == "--") {
        return ExprError(offset_, "found '--', expected no comment in an expression");
      }
      std::string_view written = symbol == "!=" ? "<>" : symbol == "==" ? "=" : symbol;
      Emit(TokenKind::kSymbol, std::string(written), symbol.size());
      return Status::OK();
    }
    if (text_[at_] == '.') {
      return ExprError(offset_,
                       "found '.', expected an operator; a name with a dot is "
                       "written in double quotes");
    }
    return ExprError(offset_, "found '", text_.substr(at_, 1),
                     "', expected a name, a literal or an operator");
  }

  std::string_view text_;
  size_t at_ = 0;
  int offset_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) { return Lexer(text).Run(); }

bool IsReservedWord(std::string_view word) {
  static constexpr std::array<std::string_view, 17> kReserved = {
      "and", "as",   "between", "case", "cast", "else", "end",  "false", "in",
      "is",  "like", "not",     "null", "or",   "then", "true", "when"};
  const std::string lower = arrow::internal::AsciiToLower(word);
  return std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
}

bool IsPlainName(std::string_view name) {
  if (name.empty() || !StartsName(name[0]) || IsReservedWord(name)) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (StartsName(c) || IsDigit(c)) && !(c & 0x80); });
}

}  // namespace windrow::plan
