// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/expression_bind.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "windrow/exec/evaluate.h"
#include "windrow/plan/expression_text.h"

namespace windrow::plan {
namespace {

using testing::HasSubstr;

struct ColumnText {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string json;
};

std::shared_ptr<arrow::Array> ArrayOf(const std::shared_ptr<arrow::DataType>& type,
                                      const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Batch() {
  const auto us = arrow::TimeUnit::MICRO;
  const std::vector<ColumnText> columns = {
      {"i", arrow::int64(), "[1, -7, null, 16777217]"},
      {"tiny", arrow::int8(), "[1, -7, null, 127]"},
      {"u", arrow::uint64(), "[1, 2, null, 18446744073709551615]"},
      {"zero", arrow::int32(), "[0, 2, 0, null]"},
      {"f", arrow::float64(), "[1.5, -2.5, null, 16777217]"},
      {"f4", arrow::float32(), "[0.1, 2.5, null, 16777216]"},
      {"dec", arrow::decimal128(10, 2), R"(["1.50", "-2.25", null, "100.00"])"},
      {"s", arrow::utf8(), R"(["abc", "Größe ", null, ""])"},
      {"dict", arrow::dictionary(arrow::int8(), arrow::utf8()),
       R"(["x", "y", null, "x"])"},
      {"view", arrow::utf8_view(), R"(["abc", "y", null, "x"])"},
      {"b", arrow::boolean(), "[true, false, null, true]"},
      {"nothing", arrow::null(), "[null, null, null, null]"},
      {"d", arrow::date32(), "[20119, 20120, null, 0]"},
      {"ts", arrow::timestamp(us),
       R"(["2025-01-31 12:34:56", "2025-02-01 00:00:00", null, "1969-12-31 23:59:59"])"},
      {"ts_s", arrow::timestamp(arrow::TimeUnit::SECOND),
       R"(["2025-01-31 12:34:56", "2025-02-02 00:00:00", null, "9999-12-31 00:00:00"])"},
      {"utc", arrow::timestamp(us, "UTC"),
       R"(["2025-01-31 12:34:56", "2025-02-01 00:00:00", null, "1969-12-31 23:59:59"])"},
      {"two words", arrow::int32(), "[1, 2, 3, 4]"},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ColumnText& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(ArrayOf(column.type, column.json));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 4, arrays);
}

Result<std::shared_ptr<arrow::Array>> ValueOf(const std::string& text,
                                              const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(const ExprPtr expr, ParseExpression(text));
  ARROW_ASSIGN_OR_RAISE(const BoundExpression bound,
                        BindExpression(*expr, *batch.schema()));
  ARROW_ASSIGN_OR_RAISE(
      auto array,
      exec::Evaluate(bound.expression, batch, arrow::default_memory_pool(), bound.text));
  EXPECT_TRUE(array->type()->Equals(*bound.type)) << text << ": " << *array->type();
  ARROW_RETURN_NOT_OK(array->ValidateFull());
  return array;
}

struct Case {
  const char* text;
  std::shared_ptr<arrow::DataType> type;
  const char* json;
};

void ExpectValues(const std::vector<Case>& cases) {
  const auto batch = Batch();
  for (const Case& each : cases) {
    const auto array = ValueOf(each.text, *batch);
    if (!array.ok()) {
      ADD_FAILURE() << each.text << ": " << array.status().message();
      continue;
    }
    const auto expected = ArrayOf(each.type, each.json);
    EXPECT_TRUE((*array)->Equals(*expected, arrow::EqualOptions().nans_equal(true)))
        << each.text << " is " << *(*array)->type() << " " << (*array)->ToString();
  }
}

void ExpectBooleans(const std::vector<std::pair<const char*, const char*>>& cases) {
  std::vector<Case> typed;
  for (const auto& [text, json] : cases) typed.push_back({text, arrow::boolean(), json});
  ExpectValues(typed);
}

TEST(ExpressionBind, LiteralsTakeTheColumnsType) {
  ExpectBooleans({
      {"i > 16777216.0", "[false, false, null, true]"},
      {"i = 16777217", "[false, false, null, true]"},
      {"16777216 < i", "[false, false, null, true]"},
      {"tiny < 1000", "[true, true, null, true]"},
      {"tiny > 1000", "[false, false, null, false]"},
      {"tiny <> -1000", "[true, true, null, true]"},
      {"tiny >= -1e300", "[true, true, null, true]"},
      {"tiny = 1e75", "[false, false, null, false]"},
      {"tiny < 1.5", "[true, true, null, false]"},
      {"tiny <= -6.5", "[false, true, null, false]"},
      {"tiny > -7.0001", "[true, true, null, true]"},
      {"tiny = 1.0", "[true, false, null, false]"},
      {"tiny = 1.5", "[false, false, null, false]"},
      {"tiny > "
       "0.0000000000000000000000000000000000000000000000000000000000000000000000000"
       "0000000000000000000000000000001",
       "[true, false, null, true]"},
      {"tiny < 127.5", "[true, true, null, true]"},
      {"tiny > -128.5", "[true, true, null, true]"},
      {"u > -1", "[true, true, null, true]"},
      {"u = 18446744073709551615", "[false, false, null, true]"},
      {"u > i", "[false, true, null, true]"},
      {"u < 99999999999999999999999", "[true, true, null, true]"},
      {"f4 = 0.1", "[true, false, null, false]"},
      {"f4 < 16777217", "[true, true, null, true]"},
      {"f = 16777217", "[false, false, null, true]"},
      {"dec > 1.495", "[true, false, null, true]"},
      {"dec = 1.5", "[true, false, null, false]"},
      {"dec < 1e20", "[true, true, null, true]"},
      {"dec > zero", "[true, false, null, null]"},
      {"i > f", "[false, false, null, false]"},
      {"1 < 1.5", "[true, true, true, true]"},
      {"tiny in (1, 1000, 2.5, 127)", "[true, false, null, true]"},
      {"f4 in (0.1, 7)", "[true, false, null, false]"},
      {"f in (1.5, 16777217)", "[true, false, null, true]"},
      {"dec in (1.5, 1.505)", "[true, false, null, false]"},
  });
}

TEST(ExpressionBind, DatesAndTimes) {
  ExpectBooleans({
      {"d = '2025-01-31'", "[true, false, null, false]"},
      {"d > DATE '2025-01-31'", "[false, true, null, false]"},
      {"d < TIMESTAMP '2025-01-31 00:00:01'", "[true, false, null, true]"},
      {"d < '9999-12-31'", "[true, true, null, true]"},
      {"ts < '2025-02-01'", "[true, false, null, true]"},
      {"ts >= DATE '2025-02-01'", "[false, true, null, false]"},
      {"ts < '2025-01-31T12:34:56.0000001'", "[true, false, null, true]"},
      {"ts = '2025-01-31 12:34:56'", "[true, false, null, false]"},
      {"ts_s <= '2025-01-31 12:34:56.5'", "[true, false, null, false]"},
      {"ts > d", "[true, false, null, false]"},
      {"ts_s > ts", "[false, true, null, true]"},
      {"utc = '2025-01-31 12:34:56'", "[true, false, null, false]"},
      {"utc = '2025-01-31T13:34:56+01:00'", "[true, false, null, false]"},
      {"utc > TIMESTAMP '2025-01-31T12:34:56Z'", "[false, true, null, false]"},
      {"ts between '2025-01-31' and '2025-02-01'", "[true, true, null, false]"},
      {"d in ('2025-01-31', '1970-01-01')", "[true, false, null, true]"},
      {"ts in ('2025-01-31 12:34:56', TIMESTAMP '2025-02-01 00:00:00')",
       "[true, true, null, false]"},
  });
  ExpectValues({
      {"year(ts)", arrow::int64(), "[2025, 2025, null, 1969]"},
      {"month(d)", arrow::int64(), "[1, 2, null, 1]"},
      {"day(ts)", arrow::int64(), "[31, 1, null, 31]"},
      {"hour(utc)", arrow::int64(), "[12, 0, null, 23]"},
      {"hour(d)", arrow::int64(), "[0, 0, null, 0]"},
      {"minute(ts)", arrow::int64(), "[34, 0, null, 59]"},
      {"second(ts)", arrow::int64(), "[56, 0, null, 59]"},
      {"year('2024-02-29')", arrow::int64(), "[2024, 2024, 2024, 2024]"},
      {"day_of_week(d)", arrow::int64(), "[5, 6, null, 4]"},
      {"date_trunc('month', d)", arrow::date32(), "[20089, 20120, null, 0]"},
      {"date_trunc('hour', d)", arrow::date32(), "[20119, 20120, null, 0]"},
      {"date_trunc('Hour', ts)", arrow::timestamp(arrow::TimeUnit::MICRO),
       R"(["2025-01-31 12:00:00", "2025-02-01 00:00:00", null, "1969-12-31 23:00:00"])"},
      {"cast(ts as date)", arrow::date32(), "[20119, 20120, null, -1]"},
      {"coalesce(d, '2025-01-31')", arrow::date32(), "[20119, 20120, 20119, 0]"},
  });
}

TEST(ExpressionBind, NullsFollowSql) {
  ExpectBooleans({
      {"b and null", "[null, false, null, null]"},
      {"b or null", "[true, null, null, true]"},
      {"not b", "[false, true, null, false]"},
      {"b and i > 0 or s is null", "[true, false, true, true]"},
      {"i = null", "[null, null, null, null]"},
      {"nothing = 1", "[null, null, null, null]"},
      {"nothing and b", "[null, false, null, null]"},
      {"nothing is null", "[true, true, true, true]"},
      {"i is not null", "[true, true, false, true]"},
      {"dict is null", "[false, false, true, false]"},
      {"i in (1, null)", "[true, null, null, null]"},
      {"i not in (1, null)", "[false, null, null, null]"},
      {"i in (tiny, 5)", "[true, true, null, false]"},
      {"nothing in (1, 2)", "[null, null, null, null]"},
      {"i between -7 and 1", "[true, true, null, false]"},
      {"i not between tiny and 5", "[false, false, null, true]"},
      {"nothing like 'a'", "[null, null, null, null]"},
      {"s = nothing", "[null, null, null, null]"},
  });
}

TEST(ExpressionBind, Arithmetic) {
  ExpectValues({
      {"i + tiny", arrow::int64(), "[2, -14, null, 16777344]"},
      {"tiny + tiny", arrow::int64(), "[2, -14, null, 254]"},
      {"tiny * 1000 - 1", arrow::int64(), "[999, -7001, null, 126999]"},
      {"i + 0.5", arrow::float64(), "[1.5, -6.5, null, 16777217.5]"},
      {"f4 * 2", arrow::float32(), "[0.2, 5, null, 33554432]"},
      {"dec + 1", arrow::decimal128(11, 2), R"(["2.50", "-1.25", null, "101.00"])"},
      {"i / 2", arrow::float64(), "[0.5, -3.5, null, 8388608.5]"},
      {"i // 2", arrow::int64(), "[0, -3, null, 8388608]"},
      {"i % 2", arrow::int64(), "[1, -1, null, 1]"},
      {"i / zero", arrow::float64(), "[null, -3.5, null, null]"},
      {"i // zero", arrow::int64(), "[null, -3, null, null]"},
      {"i % zero", arrow::int64(), "[null, -1, null, null]"},
      {"f / zero", arrow::float64(), "[null, -1.25, null, null]"},
      {"f // zero", arrow::float64(), "[null, -1, null, null]"},
      {"f / 0", arrow::float64(), "[null, null, null, null]"},
      {"dec / 2", arrow::float64(), "[0.75, -1.125, null, 50]"},
      {"100 * f / i", arrow::float64(), "[150, 35.714285714285715, null, 100]"},
      {"-tiny", arrow::int64(), "[-1, 7, null, -127]"},
      {"-dec", arrow::decimal128(10, 2), R"(["-1.50", "2.25", null, "-100.00"])"},
      {"1 + 2 * 3", arrow::int64(), "[7, 7, 7, 7]"},
      {"i + null", arrow::int64(), "[null, null, null, null]"},
      {"nothing + nothing", arrow::float64(), "[null, null, null, null]"},
      {"\"two words\" * 2", arrow::int64(), "[2, 4, 6, 8]"},
      {"(-9223372036854775807 - 1) % -1", arrow::int64(), "[0, 0, 0, 0]"},
  });
}

TEST(ExpressionBind, NumberFunctions) {
  ExpectValues({
      {"abs(tiny)", arrow::int8(), "[1, 7, null, 127]"},
      {"abs(nothing)", arrow::float64(), "[null, null, null, null]"},
      {"round(f)", arrow::float64(), "[2, -3, null, 16777217]"},
      {"round(i, -1)", arrow::int64(), "[0, -10, null, 16777220]"},
      {"round(f / 3, 2)", arrow::float64(), "[0.5, -0.83, null, 5592405.67]"},
      {"floor(f)", arrow::float64(), "[1, -3, null, 16777217]"},
      {"ceil(f)", arrow::float64(), "[2, -2, null, 16777217]"},
      {"ceiling(i)", arrow::int64(), "[1, -7, null, 16777217]"},
      {"sqrt(4)", arrow::float64(), "[2, 2, 2, 2]"},
      {"power(tiny, 2)", arrow::float64(), "[1, 49, null, 16129]"},
      {"ln(exp(0))", arrow::float64(), "[0, 0, 0, 0]"},
      {"sign(f)", arrow::float64(), "[1, -1, null, 1]"},
      {"is_nan(f)", arrow::boolean(), "[false, false, null, false]"},
      {"is_nan(sqrt(i))", arrow::boolean(), "[false, true, null, false]"},
      {"greatest(i, 2.5)", arrow::float64(), "[2.5, 2.5, 2.5, 16777217]"},
      {"least(tiny, zero, null)", arrow::int32(), "[0, -7, 0, 127]"},
  });
}

TEST(ExpressionBind, TextFunctions) {
  ExpectValues({
      {"upper(s)", arrow::utf8(), R"(["ABC", "GRÖẞE ", null, ""])"},
      {"lower(dict)", arrow::utf8(), R"(["x", "y", null, "x"])"},
      {"length(s)", arrow::int64(), "[3, 6, null, 0]"},
      {"trim(s)", arrow::utf8(), R"(["abc", "Größe", null, ""])"},
      {"ltrim(s, 'a')", arrow::utf8(), R"(["bc", "Größe ", null, ""])"},
      {"rtrim(s, 'c')", arrow::utf8(), R"(["ab", "Größe ", null, ""])"},
      {"substr(s, 2)", arrow::utf8(), R"(["bc", "röße ", null, ""])"},
      {"substring(s, 2, 2)", arrow::utf8(), R"(["bc", "rö", null, ""])"},
      {"substr('abcdef', 0, 2)", arrow::utf8(), R"(["a", "a", "a", "a"])"},
      {"substr('abcdef', -3, 2)", arrow::utf8(), R"(["de", "de", "de", "de"])"},
      {"substr('abcdef', -3)", arrow::utf8(), R"(["def", "def", "def", "def"])"},
      {"replace(s, 'b', 'xx')", arrow::utf8(), R"(["axxc", "Größe ", null, ""])"},
      {"s || '-' || dict", arrow::utf8(), R"(["abc-x", "Größe -y", null, "-x"])"},
      {"concat(dict, null, tiny)", arrow::utf8(), R"(["x1", "y-7", "", "x127"])"},
      {"concat(nothing)", arrow::utf8(), R"(["", "", "", ""])"},
      {"view || '!'", arrow::utf8(), R"(["abc!", "y!", null, "x!"])"},
  });
  ExpectBooleans({
      {"s like '%b_'", "[true, false, null, false]"},
      {"s not like '%b_'", "[false, true, null, true]"},
      {"starts_with(s, 'ab')", "[true, false, null, false]"},
      {"ends_with(s, 'bc')", "[true, false, null, false]"},
      {"contains(s, 'öß')", "[false, true, null, false]"},
      {"regexp_like(s, '^[a-c]+$')", "[true, false, null, false]"},
      {"dict = 'x'", "[true, false, null, true]"},
      {"dict in ('x', 'z')", "[true, false, null, true]"},
      {"dict = view", "[false, true, null, true]"},
      {"view > 'b'", "[false, true, null, true]"},
  });
}

TEST(ExpressionBind, Choices) {
  ExpectValues({
      {"coalesce(tiny, 0)", arrow::int8(), "[1, -7, 0, 127]"},
      {"coalesce(tiny, 1000)", arrow::int64(), "[1, -7, 1000, 127]"},
      {"coalesce(nothing, dict, 'none')", arrow::utf8(), R"(["x", "y", "none", "x"])"},
      {"coalesce(null, null)", arrow::null(), "[null, null, null, null]"},
      {"nullif(i, 1)", arrow::int64(), "[null, -7, null, 16777217]"},
      {"nullif(i, null)", arrow::int64(), "[1, -7, null, 16777217]"},
      {"if(b, i, 0)", arrow::int64(), "[1, 0, 0, 16777217]"},
      {"case when i > 0 then 'pos' when i < 0 then 'neg' end", arrow::utf8(),
       R"(["pos", "neg", null, "pos"])"},
      {"case dict when 'x' then 1 when 'y' then 2.5 else 0 end", arrow::float64(),
       "[1, 2.5, 0, 1]"},
      {"case when b then null else d end", arrow::date32(), "[null, 20120, null, null]"},
      {"dict", arrow::dictionary(arrow::int8(), arrow::utf8()),
       R"(["x", "y", null, "x"])"},
      {"'lit'", arrow::utf8(), R"(["lit", "lit", "lit", "lit"])"},
      {"null", arrow::null(), "[null, null, null, null]"},
  });
}

TEST(ExpressionBind, Casts) {
  ExpectValues({
      {"cast(f as bigint)", arrow::int64(), "[2, -2, null, 16777217]"},
      {"cast(i as varchar)", arrow::utf8(), R"(["1", "-7", null, "16777217"])"},
      {"cast(i as float)", arrow::float32(), "[1, -7, null, 16777216]"},
      {"cast('12' as int) + tiny", arrow::int64(), "[13, 5, null, 139]"},
      {"cast(nothing as int)", arrow::int32(), "[null, null, null, null]"},
      {"cast(dec as decimal(10,1))", arrow::decimal128(10, 1),
       R"(["1.5", "-2.2", null, "100.0"])"},
      {"'2025-01-31'::date", arrow::date32(), "[20119, 20119, 20119, 20119]"},
      {"cast(dict as varchar)", arrow::utf8(), R"(["x", "y", null, "x"])"},
      {"cast(b as int)", arrow::int32(), "[1, 0, null, 1]"},
  });
}

TEST(ExpressionBind, RefusesWithPlace) {
  const auto batch = Batch();
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"1 + pirce", "column 5: unknown column 'pirce'"},
      {"\"two wrods\" > 1", "did you mean 'two words'?"},
      {"uper(s)", "column 1: unknown function 'uper'; did you mean 'upper'?"},
      {"round()", "column 1: found 0 arguments, expected round(number[, digits])"},
      {"round(s)", "column 7: found varchar, expected round(number[, digits])"},
      {"lower(i)", "column 7: found bigint, expected lower(text)"},
      {"s > 5", "found varchar at column 1 and bigint at column 5"},
      {"i = 'x'", "found bigint at column 1 and varchar at column 5"},
      {"i in (1, 'x')", "found bigint at column 1 and varchar at column 10"},
      {"b = 1", "found boolean at column 1 and bigint at column 5"},
      {"ts = utc", "expected types that go together"},
      {"utc > DATE '2025-01-31'", "column 7: found '2025-01-31' without a zone"},
      {"ts > '2025-01-31T00:00:00Z'",
       "column 6: found '2025-01-31T00:00:00Z' with a zone"},
      {"d = '2025-13-31'", "column 5: found '2025-13-31', expected a date or time like"},
      {"DATE 'soon'", "column 1: found 'soon', expected a date like"},
      {"s + 1", "column 1: found varchar, expected a number for '+'"},
      {"i and b", "column 1: found bigint, expected a boolean"},
      {"regexp_like(s, '(')", "column 16: found the pattern '('"},
      {"contains(s, dict)", "column 13: found something other than a 'literal'"},
      {"date_trunc('eon', ts)", "column 12: found the unit 'eon'"},
      {"9223372036854775807 + 1", "'9223372036854775807 + 1': overflow"},
      {"cast('x' as int)", "'CAST('x' AS integer)'"},
      {"cast(d as boolean)", "column 6: found date"},
  };
  for (const auto& [text, message] : cases) {
    const auto result = ValueOf(text, *batch);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(BlameOf(result.status()), Blame::kUser) << text;
    EXPECT_THAT(result.status().message(), HasSubstr(message)) << text;
  }
}

TEST(ExpressionBind, BadValuesAreDataErrors) {
  const auto batch = Batch();
  for (const char* text : {"i * 9223372036854775807", "cast(s as int)", "u + i",
                           "cast(i as tinyint)", "cast(f * 1e300 as bigint)"}) {
    const auto result = ValueOf(text, *batch);
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(BlameOf(result.status()), Blame::kData) << text << result.status();
  }
}

TEST(ExpressionBind, BoundsTheRepetitionOfGuards) {
  std::string text = "f";
  for (int i = 0; i < 60; ++i) text = std::string("f / (").append(text).append(")");
  const auto result = ValueOf(text, *Batch());
  EXPECT_THAT(result.status().message(), HasSubstr("expands to more than"));
}

TEST(ExpressionBind, TakesLongListsAndChains) {
  std::string text = "i = 1";
  for (int i = 0; i < 3'000; ++i) text += " or i = 2";
  EXPECT_TRUE(ValueOf(text, *Batch()).ok());
  std::string list = "i in (0";
  for (int i = 0; i < 50'000; ++i) list += ", 5";
  EXPECT_TRUE(ValueOf(list + ")", *Batch()).ok());
}

TEST(ExpressionBind, KeepsPrunableForm) {
  const auto bound =
      BindExpression(*ParseExpression("tiny < 2.5").ValueOrDie(), *Batch()->schema());
  EXPECT_EQ(bound->expression.ToString(), "(tiny <= 2)");
  EXPECT_FALSE(bound->is_constant);
  EXPECT_TRUE(BindExpression(*ParseExpression("1 + 2").ValueOrDie(), *Batch()->schema())
                  ->is_constant);
}

TEST(ExpressionBind, PredicatesAreBoolean) {
  const auto batch = Batch();
  EXPECT_THAT(
      BindPredicate(**ParseExpression("i + 1"), *batch->schema()).status().message(),
      HasSubstr("found bigint from 'i + 1', expected a condition"));
  EXPECT_EQ(BindPredicate(**ParseExpression("null"), *batch->schema())->type->id(),
            arrow::Type::BOOL);
}

TEST(ExpressionBind, ComparesOtherTypes) {
  const std::vector<ColumnText> columns = {
      {"large", arrow::large_utf8(), R"(["a", "b", null])"},
      {"short", arrow::utf8(), R"(["a", "a", null])"},
      {"bin", arrow::binary(), R"(["a", "b", null])"},
      {"t", arrow::time64(arrow::TimeUnit::MICRO), "[43200000000, 48600000000, null]"},
      {"d64", arrow::date64(), "[86400000, 0, null]"},
      {"ts_s", arrow::timestamp(arrow::TimeUnit::SECOND), "[253402300799, 0, null]"},
      {"ts_ns", arrow::timestamp(arrow::TimeUnit::NANO), "[0, 0, null]"},
      {"far", arrow::date32(), "[2932896, 0, null]"},
      {"list", arrow::list(arrow::int64()), "[[1], [], null]"},
      {"wide", arrow::decimal256(60, 0), R"(["1", "2", null])"},
      {"half", arrow::float16(), "[1.5, 2, null]"},
      {"bool", arrow::boolean(), "[true, false, null]"},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const ColumnText& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(ArrayOf(column.type, column.json));
  }
  const auto batch = arrow::RecordBatch::Make(arrow::schema(fields), 3, arrays);
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"large = short", "[true, false, null]"},
      {"large in ('b')", "[false, true, null]"},
      {"large = 'a'", "[true, false, null]"},
      {"bin = 'a'", "[true, false, null]"},
      {"t < '13:00:00'", "[true, false, null]"},
      {"d64 = DATE '1970-01-02'", "[true, false, null]"},
      {"ts_ns < '9999-12-31 23:59:59'", "[true, true, null]"},
      {"ts_ns > '0001-01-01'", "[true, true, null]"},
      {"ts_s >= '9999-12-31 23:59:59'", "[true, false, null]"},
      {"wide < 1e60", "[true, true, null]"},
      {"wide = 2", "[false, true, null]"},
      {"half > 1.5", "[false, true, null]"},
      {"bool = true", "[true, false, null]"},
      {"bool < true", "[false, true, null]"},
      {"list is null", "[false, false, true]"},
      {"large || short = 'aa'", "[true, false, null]"},
  };
  for (const auto& [text, json] : cases) {
    const auto array = ValueOf(text, *batch);
    ASSERT_TRUE(array.ok()) << text << ": " << array.status();
    EXPECT_TRUE((*array)->Equals(*ArrayOf(arrow::boolean(), json)))
        << text << (*array)->ToString();
  }
  for (const char* text : {"ts_s > ts_ns", "far > ts_ns"}) {
    const auto overflow = ValueOf(text, *batch);
    ASSERT_FALSE(overflow.ok()) << text << (*overflow)->ToString();
    EXPECT_EQ(BlameOf(overflow.status()), Blame::kData) << text;
  }
  EXPECT_EQ(BlameOf(ValueOf("list = list", *batch).status()), Blame::kUser);
}

TEST(Evaluate, TakesSlicesEmptyAndColumnlessBatches) {
  const auto batch = Batch();
  const auto sliced = ValueOf("i + 1", *batch->Slice(1, 2));
  EXPECT_TRUE((*sliced)->Equals(*ArrayOf(arrow::int64(), "[-6, null]")));
  EXPECT_EQ((*ValueOf("case when b then s end", *batch->Slice(4)))->length(), 0);
  const auto columnless =
      arrow::RecordBatch::Make(arrow::schema({}), 3, arrow::ArrayVector{});
  EXPECT_TRUE(
      (*ValueOf("1 + 1", *columnless))->Equals(*ArrayOf(arrow::int64(), "[2, 2, 2]")));
}

}  // namespace
}  // namespace windrow::plan
