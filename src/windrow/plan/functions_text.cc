// SPDX-License-Identifier: Apache-2.0
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/exec.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "windrow/column/text_functions.h"
#include "windrow/plan/expression_token.h"
#include "windrow/plan/function_table.h"
#include "windrow/plan/type_widening.h"

namespace windrow::plan {
namespace {

namespace cp = arrow::compute;

Result<TypedExpr> OfText(const FunctionCall& call, const char* kernel,
                         std::shared_ptr<cp::FunctionOptions> options = nullptr) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr value, TextArgument(call, 0));
  return CallKernel(call.source, kernel, {std::move(value)}, std::move(options));
}

Result<TypedExpr> BindLower(FunctionCall call) { return OfText(call, "utf8_lower"); }
Result<TypedExpr> BindUpper(FunctionCall call) { return OfText(call, "utf8_upper"); }

Result<TypedExpr> BindLength(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr length, OfText(call, "utf8_length"));
  return CastKernel(std::move(length), arrow::int64());
}

/// Spaces, or the characters of the second argument.
Result<TypedExpr> Trim(const FunctionCall& call, const char* kernel) {
  std::optional<std::string> characters = " ";
  if (call.args.size() == 2) {
    ARROW_ASSIGN_OR_RAISE(characters, TextLiteral(call, 1));
  }
  if (!characters) return TypedNull(call.source, arrow::utf8());
  return OfText(call, kernel, std::make_shared<cp::TrimOptions>(*characters));
}

Result<TypedExpr> BindTrim(FunctionCall call) { return Trim(call, "utf8_trim"); }
Result<TypedExpr> BindLtrim(FunctionCall call) { return Trim(call, "utf8_ltrim"); }
Result<TypedExpr> BindRtrim(FunctionCall call) { return Trim(call, "utf8_rtrim"); }

/// Position 1 is the first character, -1 the last; positions before the first count
/// towards the length.
Result<TypedExpr> BindSubstr(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(const auto start, IntegerLiteral(call, 1));
  std::optional<int64_t> length = std::numeric_limits<int32_t>::max();
  const bool is_open = call.args.size() == 2;
  if (!is_open) {
    ARROW_ASSIGN_OR_RAISE(length, IntegerLiteral(call, 2));
  }
  if (!start || !length) return TypedNull(call.source, arrow::utf8());
  if (*length < 0) {
    return ExprError(call.args[2].source->offset(), "found the length ", *length,
                     ", expected ", call.signature, " with no negative length");
  }
  int64_t begin = *start > 0 ? *start - 1 : *start;
  int64_t end = begin + *length;
  if (*start == 0) {
    end = std::max<int64_t>(*length - 1, 0);
  } else if (*start < 0 && end >= 0) {
    end = std::numeric_limits<int64_t>::max();
  }
  return OfText(call, "utf8_slice_codeunits",
                std::make_shared<cp::SliceOptions>(begin, end));
}

Result<TypedExpr> BindReplace(FunctionCall call) {
  ARROW_ASSIGN_OR_RAISE(const auto from, TextLiteral(call, 1));
  ARROW_ASSIGN_OR_RAISE(const auto to, TextLiteral(call, 2));
  if (!from || !to) return TypedNull(call.source, arrow::utf8());
  if (from->empty()) return TextArgument(call, 0);
  return OfText(call, "replace_substring",
                std::make_shared<cp::ReplaceSubstringOptions>(*from, *to));
}

Result<TypedExpr> Match(const FunctionCall& call, const char* kernel) {
  ARROW_ASSIGN_OR_RAISE(const auto pattern, TextLiteral(call, 1));
  if (!pattern) return TypedNull(call.source, arrow::boolean());
  auto options = std::make_shared<cp::MatchSubstringOptions>(*pattern);
  const Status valid =
      cp::CallFunction(kernel, {arrow::MakeScalar("")}, options.get()).status();
  if (!valid.ok()) {
    return ExprError(call.args[1].source->offset(), "found the pattern '", *pattern,
                     "', expected a valid one: ", valid.message());
  }
  return OfText(call, kernel, std::move(options));
}

Result<TypedExpr> BindStartsWith(FunctionCall call) { return Match(call, "starts_with"); }
Result<TypedExpr> BindEndsWith(FunctionCall call) { return Match(call, "ends_with"); }
Result<TypedExpr> BindContains(FunctionCall call) {
  return Match(call, "match_substring");
}

/// Arrow's own LIKE takes a backslash for an escape, which SQL has none of by default.
Result<TypedExpr> BindLike(FunctionCall call) {
  std::vector<TypedExpr> args;
  for (size_t i = 0; i < 2; ++i) {
    ARROW_ASSIGN_OR_RAISE(args.emplace_back(), TextArgument(call, i));
  }
  return CallKernel(call.source, column::kLikeFunction, std::move(args));
}

Result<TypedExpr> BindRegexp(FunctionCall call) {
  return Match(call, "match_substring_regex");
}

/// All arguments as text, of one width.
Result<std::vector<TypedExpr>> AsTexts(FunctionCall call) {
  std::shared_ptr<arrow::DataType> type = arrow::utf8();
  for (TypedExpr& arg : call.args) {
    ARROW_ASSIGN_OR_RAISE(arg, Plain(std::move(arg)));
    if (arg.type->id() == arrow::Type::LARGE_STRING) type = arrow::large_utf8();
  }
  for (TypedExpr& arg : call.args) {
    ARROW_ASSIGN_OR_RAISE(arg, CastKernel(std::move(arg), type));
  }
  return std::move(call.args);
}

Result<TypedExpr> EmptyText(const Expr& source, const TypedExpr& like) {
  ARROW_ASSIGN_OR_RAISE(auto empty, arrow::MakeScalar("")->CastTo(like.type));
  return TypedScalar(source, std::move(empty));
}

/// Null where one of `texts` is.
Result<TypedExpr> Join(const Expr& source, std::vector<TypedExpr> texts) {
  ARROW_ASSIGN_OR_RAISE(TypedExpr separator, EmptyText(source, texts[0]));
  texts.push_back(std::move(separator));
  return CallKernel(source, "binary_join_element_wise", std::move(texts),
                    std::make_shared<cp::JoinOptions>(cp::JoinOptions::EMIT_NULL));
}

Result<TypedExpr> BindConcat(FunctionCall call) {
  const Expr& source = call.source;
  ARROW_ASSIGN_OR_RAISE(std::vector<TypedExpr> texts, AsTexts(std::move(call)));
  // JoinOptions::SKIP loses the rows where all arguments are null.
  for (TypedExpr& text : texts) {
    ARROW_ASSIGN_OR_RAISE(TypedExpr empty, EmptyText(source, text));
    ARROW_ASSIGN_OR_RAISE(
        text, CallKernel(source, "coalesce", {std::move(text), std::move(empty)}));
  }
  return Join(source, std::move(texts));
}

/// Another text for every row, each time it is computed.
Result<TypedExpr> BindUuid(FunctionCall call) {
  return CallKernel(call.source, column::kUuidFunction, {});
}

Result<TypedExpr> BindConcatOperator(FunctionCall call) {
  const Expr& source = call.source;
  ARROW_ASSIGN_OR_RAISE(std::vector<TypedExpr> texts, AsTexts(std::move(call)));
  return Join(source, std::move(texts));
}

}  // namespace

const std::vector<FunctionEntry>& TextFunctions() {
  static const std::vector<FunctionEntry> table = {
      {"concat", "concat(value, ...), nulls left out", 1, kAnyNumber, BindConcat},
      {"contains", "contains(text, 'part')", 2, 2, BindContains},
      {"ends_with", "ends_with(text, 'end')", 2, 2, BindEndsWith},
      {"length", "length(text)", 1, 1, BindLength},
      {"lower", "lower(text)", 1, 1, BindLower},
      {"ltrim", "ltrim(text[, 'characters'])", 1, 2, BindLtrim},
      {"regexp_like", "regexp_like(text, 'pattern')", 2, 2, BindRegexp},
      {"replace", "replace(text, 'from', 'to')", 3, 3, BindReplace},
      {"rtrim", "rtrim(text[, 'characters'])", 1, 2, BindRtrim},
      {"starts_with", "starts_with(text, 'start')", 2, 2, BindStartsWith},
      {"substr", "substr(text, start[, length])", 2, 3, BindSubstr},
      {"substring", "substring(text, start[, length])", 2, 3, BindSubstr},
      {"trim", "trim(text[, 'characters'])", 1, 2, BindTrim},
      {"upper", "upper(text)", 1, 1, BindUpper},
      {"uuid", "uuid()", 0, 0, BindUuid},
  };
  return table;
}

const FunctionEntry& LikeOperator() {
  static const FunctionEntry entry = {"like", "text LIKE pattern", 2, 2, BindLike};
  return entry;
}

const FunctionEntry& ConcatOperator() {
  static const FunctionEntry entry = {"||", "value || value", 2, kAnyNumber,
                                      BindConcatOperator};
  return entry;
}

}  // namespace windrow::plan
