// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "windrow/plan/expression.h"

namespace windrow::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ExprPtr Parse(const std::string& text) {
  auto parsed = ParseExpression(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return parsed.ok() ? *parsed : Expr::Literal(LiteralKind::kNull, "");
}

std::string Repeat(std::string head, const std::string& piece, int times,
                   const std::string& tail = "") {
  for (int i = 0; i < times; ++i) head += piece;
  return head + tail;
}

TEST(ExpressionText, PrintsMinimally) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"a", "a"},
      {" ( ( a ) ) ", "a"},
      {"a+b*c", "a + b * c"},
      {"(a+b)*c", "(a + b) * c"},
      {"a-(b-c)", "a - (b - c)"},
      {"(a-b)-c", "a - b - c"},
      {"a // b % c", "a // b % c"},
      {"a or b and not c", "a OR b AND NOT c"},
      {"(a or b) and c", "(a OR b) AND c"},
      {"a and (b and c)", "a AND b AND c"},
      {"not (a and b)", "NOT (a AND b)"},
      {"not not a", "NOT NOT a"},
      {"not a = b", "NOT a = b"},
      {"(not a) = b", "(NOT a) = b"},
      {"a != b", "a <> b"},
      {"a == b", "a = b"},
      {"(a = b) is null", "(a = b) IS NULL"},
      {"a = b is not null", "(a = b) IS NOT NULL"},
      {"not a is null", "a IS NOT NULL"},
      {"not (a is null) and b", "a IS NOT NULL AND b"},
      {"a NOT in (1, 2.50, 'x''y')", "a NOT IN (1, 2.50, 'x''y')"},
      {"a between 1 and 2 and b", "a BETWEEN 1 AND 2 AND b"},
      {"a between 1 and (b and c)", "a BETWEEN 1 AND (b AND c)"},
      {"a not like 'x%'", "a NOT LIKE 'x%'"},
      {"a || b || 'c'", "a || b || 'c'"},
      {"Count( * )", "count(*)"},
      {"count(distinct a)", "count(DISTINCT a)"},
      {"count(DISTINCT (a + b))", "count(DISTINCT a + b)"},
      {"count(distinct)", "count(distinct)"},
      {"count(distinct + 1)", "count(distinct + 1)"},
      {"- a", "-a"},
      {"- -a", "-(-a)"},
      {"-(5)", "-5"},
      {"a - -5", "a - -5"},
      {"-(a+b)", "-(a + b)"},
      {"+a", "a"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"-5::int", "-CAST(5 AS integer)"},
      {"cast(a as int64)", "CAST(a AS bigint)"},
      {"a::decimal(10, 2)::text", "CAST(CAST(a AS decimal(10,2)) AS varchar)"},
      {"case when a then 1 else 2 end", "CASE WHEN a THEN 1 ELSE 2 END"},
      {"case a when 1 then 'x' when 2 then 'y' end",
       "CASE a WHEN 1 THEN 'x' WHEN 2 THEN 'y' END"},
      {"Round(a, 2)", "round(a, 2)"},
      {"date '2025-01-31'", "DATE '2025-01-31'"},
      {"timestamp '2025-01-31 12:00:00'", "TIMESTAMP '2025-01-31 12:00:00'"},
      {"date + timestamp", "date + timestamp"},
      {"\"two words\" + \"and\" + \"q\"\"q\"", "\"two words\" + \"and\" + \"q\"\"q\""},
      {"1e5 + .5 + 1.", "1e5 + .5 + 1."},
      {"null = TRUE", "NULL = TRUE"},
      {"\"größe\" > 1", "\"größe\" > 1"},
      {"größe > 1", "\"größe\" > 1"},
  };
  for (const auto& [text, printed] : cases) {
    const ExprPtr parsed = Parse(text);
    EXPECT_EQ(ToText(*parsed), printed) << text;
    EXPECT_TRUE(Parse(printed)->Equals(*parsed)) << text;
  }
}

TEST(ExpressionText, SaysWhereAndWhat) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"", "column 1: found the end of the expression, expected a column"},
      {"a +", "column 4: found the end"},
      {"a b", "column 3: found 'b', expected an operator"},
      {"(a", "column 3: found the end of the expression, expected ')'"},
      {"a = b = c", "column 7: found '=', expected parentheses"},
      {"a in ()", "column 7: found ')'"},
      {"a in 1", "column 6: found '1', expected '('"},
      {"a is 1", "column 6: found '1', expected NULL or NOT NULL"},
      {"a between 1 or 2", "column 13: found 'or', expected AND"},
      {"'abc", "column 1: found a ' that is never closed"},
      {"a.b", "column 2: found '.'"},
      {"größe ? 1", "column 7: found '?'"},
      {"12ab", "column 1: found '12a'"},
      {"1e999", "column 1: the number '1e999' is too large"},
      {"a -- b", "column 3: found '--'"},
      {"case a end", "column 8: found 'end', expected WHEN"},
      {"case when a then b", "column 19: found the end"},
      {"cast(a as flaot)", "column 11: unknown type 'flaot'; did you mean 'float'?"},
      {"a::decimal(80,2)", "column 4: found decimal(80,2)"},
      {"a::decimal", "column 11: found the end"},
      {"f(a,)", "column 5: found ')'"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = ParseExpression(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(BlameOf(parsed.status()), Blame::kUser);
    EXPECT_THAT(parsed.status().message(), HasSubstr(message)) << text;
  }
}

TEST(ExpressionText, RefusesHostileDepth) {
  for (const std::string& text :
       {Repeat("", "(", 100'000), Repeat("", "not ", 100'000, "a"),
        Repeat("", "- ", 100'000, "a"), Repeat("", "case ", 100'000),
        Repeat("", "f(", 100'000), Repeat("a", " + a", 100'000),
        Repeat("a", "::int", 100'000), Repeat("", "a + (", 100'000),
        Repeat("a", " is null", 100'000), Repeat("", "a in (", 100'000)}) {
    const auto parsed = ParseExpression(text);
    ASSERT_FALSE(parsed.ok()) << text.substr(0, 20);
    EXPECT_THAT(parsed.status().message(), HasSubstr("nested more than"));
  }
}

TEST(ExpressionText, TakesLongChainsAndSomeDepth) {
  const ExprPtr chain = Parse(Repeat("a", " or a = 1", 100'000));
  EXPECT_EQ(chain->args().size(), 100'001u);
  EXPECT_LE(chain->depth(), 3);
  EXPECT_EQ(ToText(*Parse(Repeat("", "(", 150, Repeat("a", ")", 150)))), "a");
  EXPECT_EQ(Parse(Repeat("a", " + a", 150))->depth(), 151);
}

TEST(Expression, CollectsColumnsOnce) {
  EXPECT_THAT(ColumnNames(*Parse("b + a * b > \"c d\" and f(a, 1)")),
              ElementsAre("b", "a", "c d"));
  EXPECT_TRUE(ColumnNames(*Parse("1 + 2")).empty());
}

TEST(Expression, SubstitutesDefinitions) {
  const ExprPtr filter = Parse("x < 100 and y = 'U' and -z * 2 > 1");
  const std::map<std::string, ExprPtr> definitions = {
      {"x", Parse("a + b")}, {"z", Parse("7")}, {"a", Parse("wrong")}};
  const ExprPtr pushed = Substitute(filter, definitions);
  EXPECT_EQ(ToText(*pushed), "a + b < 100 AND y = 'U' AND -7 * 2 > 1");
  EXPECT_TRUE(Parse(ToText(*pushed))->Equals(*pushed));
  EXPECT_EQ(Substitute(filter, {}), filter);
}

TEST(Expression, SplitsAndJoinsConjuncts) {
  const ExprPtr filter = Parse("a and (b or c) and (d and e)");
  const auto parts = SplitConjuncts(filter);
  EXPECT_EQ(parts.size(), 4u);
  EXPECT_TRUE(JoinConjuncts(parts)->Equals(*filter));
  EXPECT_EQ(SplitConjuncts(Parse("a or b")).size(), 1u);
  EXPECT_EQ(JoinConjuncts({}), nullptr);
}

TEST(Expression, KeepsPositions) {
  const ExprPtr expr = Parse("größe + abs( x )");
  EXPECT_EQ(expr->offset(), 6);
  EXPECT_EQ(expr->args()[1]->offset(), 8);
  EXPECT_EQ(expr->args()[1]->args()[0]->offset(), 13);
}

}  // namespace
}  // namespace windrow::plan
