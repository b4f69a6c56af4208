// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/json_rows.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>

namespace windrow::format {
namespace {

using ::testing::HasSubstr;
using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr Json(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

Result<std::string> LinesOf(const ArrayPtr& column, bool is_json = false) {
  const auto schema = arrow::schema({arrow::field("c", column->type())});
  const auto batch = arrow::RecordBatch::Make(schema, column->length(), {column});
  ARROW_ASSIGN_OR_RAISE(const auto lines,
                        JsonLines(*batch, {is_json}, arrow::default_memory_pool()));
  return lines->ToString();
}

void ExpectCell(const ArrayPtr& column, const std::string& cell, bool is_json = false) {
  ASSERT_EQ(column->length(), 1);
  EXPECT_TRUE(CheckJsonType(*column->type()).ok());
  const auto lines = LinesOf(column, is_json);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(*lines, "{\"c\":" + cell + "}\n");
}

TEST(JsonRows, WritesNumbers) {
  ExpectCell(Json(arrow::int8(), "[-128]"), "-128");
  ExpectCell(Json(arrow::uint64(), "[18446744073709551615]"), "18446744073709551615");
  ExpectCell(Json(arrow::float64(), "[-0.0]"), "-0");
  ExpectCell(Json(arrow::float32(), "[0.1]"), "0.1");
  ExpectCell(Json(arrow::decimal128(5, 2), R"(["-0.50"])"), "-0.50");
  ExpectCell(Json(arrow::decimal256(60, 0), R"(["123456789012345678901234567890"])"),
             "123456789012345678901234567890");
  ExpectCell(Json(arrow::decimal64(5, 3), R"(["0.001"])"), "0.001");
  for (const char* value : {"[NaN]", "[Inf]", "[-Inf]"}) {
    const auto lines = LinesOf(Json(arrow::float64(), value));
    EXPECT_EQ(BlameOf(lines.status()), Blame::kData);
    EXPECT_THAT(lines.status().message(), HasSubstr("column 'c': found "));
  }
}

TEST(JsonRows, WritesTextAndBytes) {
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    ExpectCell(Json(type, R"(["a\"\\\né\u0000"])"), R"("a\"\\\né\u0000")");
  }
  ExpectCell(Json(arrow::binary(), R"(["a\u0000b"])"), R"("YQBi")");
  ExpectCell(Json(arrow::fixed_size_binary(2), R"(["ab"])"), R"("YWI=")");
  ExpectCell(Json(arrow::utf8(), R"(["{\"a\":\r\n 1}"])"), R"({"a":   1})", true);
  ExpectCell(Json(arrow::list(arrow::utf8()), R"([["{}", null]])"), "[{},null]", true);
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("\xff").ok());
  const auto lines = LinesOf(builder.Finish().ValueOrDie());
  EXPECT_EQ(BlameOf(lines.status()), Blame::kData);
}

TEST(JsonRows, WritesTimes) {
  ExpectCell(Json(arrow::date64(), "[86400000]"), R"("1970-01-02")");
  ExpectCell(Json(arrow::time32(arrow::TimeUnit::MILLI), "[500]"), R"("00:00:00.5")");
  const auto nanos = arrow::timestamp(arrow::TimeUnit::NANO);
  ExpectCell(Json(nanos, "[1]"), R"("1970-01-01T00:00:00.000000001")");
  ExpectCell(Json(arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Paris"), "[0]"),
             R"("1970-01-01T00:00:00Z")");
  const auto far =
      Json(arrow::timestamp(arrow::TimeUnit::SECOND), "[9223372036854775807]");
  const auto lines = LinesOf(far);
  EXPECT_EQ(BlameOf(lines.status()), Blame::kData);
  EXPECT_THAT(lines.status().message(), HasSubstr("9223372036854775807"));
}

TEST(JsonRows, WritesNestedValues) {
  const auto lists = Json(arrow::large_list(arrow::int8()), "[[9], [1, null], [], null]");
  EXPECT_EQ(LinesOf(lists->Slice(1)).ValueOrDie(),
            "{\"c\":[1,null]}\n{\"c\":[]}\n{\"c\":null}\n");
  const auto structs = Json(
      arrow::struct_({arrow::field("a", arrow::int8()),
                      arrow::field("b\"", arrow::fixed_size_list(arrow::utf8(), 1))}),
      R"([{"a": 9, "b\"": ["z"]}, {"a": 1, "b\"": ["x"]}, {"a": null}, null])");
  EXPECT_EQ(LinesOf(structs->Slice(1)).ValueOrDie(),
            "{\"c\":{\"a\":1,\"b\\\"\":[\"x\"]}}\n"
            "{\"c\":{\"a\":null,\"b\\\"\":null}}\n{\"c\":null}\n");
  ExpectCell(
      Json(arrow::map(arrow::utf8(), arrow::int8()), R"([[["k", 1], ["l", null]]])"),
      R"({"k":1,"l":null})");
  ExpectCell(Json(arrow::map(arrow::int32(), arrow::utf8()), R"([[[-1, "x"]]])"),
             R"({"-1":"x"})");
  ExpectCell(arrow::json::DictArrayFromJSONString(
                 arrow::dictionary(arrow::int8(), arrow::utf8()), "[1]", R"(["a", "b"])")
                 .ValueOrDie(),
             R"("b")");
  ExpectCell(Json(arrow::null(), "[null]"), "null");
}

TEST(JsonRows, KnowsWhatHasNoForm) {
  for (const auto& type :
       {arrow::float16(), arrow::duration(arrow::TimeUnit::MILLI),
        arrow::list(arrow::month_interval()), arrow::map(arrow::float64(), arrow::int8()),
        arrow::list_view(arrow::int8()),
        arrow::struct_({arrow::field("d", arrow::day_time_interval())}),
        arrow::dictionary(arrow::int8(), arrow::duration(arrow::TimeUnit::MILLI))}) {
    EXPECT_EQ(BlameOf(CheckJsonType(*type)), Blame::kUser) << type->ToString();
  }
}

}  // namespace
}  // namespace windrow::format
