// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/measurement_columns.h"

#include <arrow/array.h>
#include <arrow/compute/initialize.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include <string>

namespace windrow::column {
namespace {

using ::testing::HasSubstr;
using testing::JsonArray;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

class MeasurementColumns : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }
};

void ExpectBecomes(int column, const ArrayPtr& values, const ArrayPtr& expected) {
  const auto converted =
      ToMeasurementColumn(column, values, arrow::default_memory_pool());
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_TRUE((*converted)->ValidateFull().ok());
  EXPECT_TRUE((*converted)->Equals(expected))
      << (*converted)->ToString() << expected->ToString();
}

arrow::Schema SchemaWith(const std::string& name, const TypePtr& type) {
  arrow::FieldVector fields = {
      arrow::field("rtt", arrow::float64()),
      arrow::field("dst_addr", arrow::large_utf8()),
      arrow::field("msm_id", arrow::int64()),
      arrow::field("ip_version", arrow::int64()),
      arrow::field("event_time", arrow::timestamp(arrow::TimeUnit::NANO, "UTC")),
      arrow::field("src_addr", arrow::dictionary(arrow::int8(), arrow::utf8_view()))};
  std::erase_if(fields, [&](const auto& field) { return field->name() == name; });
  if (type != nullptr) fields.push_back(arrow::field(name, type));
  return arrow::Schema(std::move(fields));
}

TEST_F(MeasurementColumns, TakesTimesOfAnyUnitAndZone) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto expected = JsonArray(micros, "[1500000, null, -2000000]");
  for (const char* zone : {"", "UTC", "+05:30"}) {
    ExpectBecomes(kEventTime,
                  JsonArray(arrow::timestamp(arrow::TimeUnit::MICRO, zone),
                            "[1500000, null, -2000000]"),
                  expected);
    ExpectBecomes(
        kEventTime,
        JsonArray(arrow::timestamp(arrow::TimeUnit::MILLI, zone), "[1500, null, -2000]"),
        expected);
    ExpectBecomes(kEventTime,
                  JsonArray(arrow::timestamp(arrow::TimeUnit::NANO, zone),
                            "[1500000999, null, -2000000000]"),
                  expected);
    ExpectBecomes(kEventTime,
                  JsonArray(arrow::timestamp(arrow::TimeUnit::SECOND, zone), "[3, -1]"),
                  JsonArray(micros, "[3000000, -1000000]"));
  }
  const auto late = ToMeasurementColumn(
      kEventTime,
      JsonArray(arrow::timestamp(arrow::TimeUnit::SECOND), "[9000000000000000000]"),
      arrow::default_memory_pool());
  EXPECT_EQ(BlameOf(late.status()), Blame::kData);
  EXPECT_THAT(late.status().message(), HasSubstr("column 'event_time'"));
}

TEST_F(MeasurementColumns, KeepsDictionariesAndBringsTextsToOneForm) {
  const auto plain = JsonArray(arrow::utf8(), R"(["b", null, "a", "b"])");
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    ExpectBecomes(kDstAddr, JsonArray(type, R"(["b", null, "a", "b"])"), plain);
  }
  const auto coded = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto expected = JsonArray(coded, R"(["b", null, "a", "b"])");
  for (const auto& codes : {arrow::int8(), arrow::uint16(), arrow::int32(),
                            arrow::uint32(), arrow::int64()}) {
    for (const auto& texts : {arrow::utf8(), arrow::large_utf8()}) {
      ExpectBecomes(
          kSrcAddr,
          JsonArray(arrow::dictionary(codes, texts), R"(["b", null, "a", "b"])"),
          expected);
    }
  }
  const auto unchanged =
      ToMeasurementColumn(kSrcAddr, expected, arrow::default_memory_pool());
  EXPECT_EQ(unchanged->get(), expected.get());
  const auto with_null = std::make_shared<arrow::DictionaryArray>(
      coded, JsonArray(arrow::int32(), "[1, 0, null]"),
      JsonArray(arrow::utf8(), R"([null, "x"])"));
  ExpectBecomes(kDstAddr, with_null, JsonArray(arrow::utf8(), R"(["x", null, null])"));
}

TEST_F(MeasurementColumns, RefusesVersionsThatDoNotFit) {
  ExpectBecomes(kIpVersion, JsonArray(arrow::int64(), "[4, 6, null, -128, 127]"),
                JsonArray(arrow::int8(), "[4, 6, null, -128, 127]"));
  ExpectBecomes(kIpVersion, JsonArray(arrow::uint16(), "[4, 6]"),
                JsonArray(arrow::int8(), "[4, 6]"));
  const auto refused = ToMeasurementColumn(
      kIpVersion, JsonArray(arrow::int64(), "[4, 300]"), arrow::default_memory_pool());
  EXPECT_EQ(BlameOf(refused.status()), Blame::kData);
  EXPECT_THAT(refused.status().message(), HasSubstr("column 'ip_version'"));
  EXPECT_THAT(refused.status().message(), HasSubstr("300"));
}

TEST_F(MeasurementColumns, RoundsRttsToTheNearestFloat) {
  ExpectBecomes(kRtt, JsonArray(arrow::float64(), "[0.1, -1.0, 1e300, null]"),
                JsonArray(arrow::float32(), "[0.1, -1.0, Inf, null]"));
}

TEST_F(MeasurementColumns, NamesTheColumnItCannotUse) {
  const auto schema = MeasurementSchemaOf(SchemaWith("", nullptr));
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ((*schema)->ToString(),
            "event_time: timestamp[us]\n"
            "src_addr: dictionary<values=string, indices=int32, ordered=0> not null\n"
            "dst_addr: string\nip_version: int8\nrtt: float");
  const auto message = [](const std::string& name, const TypePtr& type) {
    const auto refused = MeasurementSchemaOf(SchemaWith(name, type));
    EXPECT_EQ(BlameOf(refused.status()), Blame::kUser);
    return refused.status().message();
  };
  EXPECT_EQ(message("rtt", nullptr), "no column 'rtt'; expected float or double");
  EXPECT_EQ(message("rtt", arrow::utf8()),
            "column 'rtt' is string; expected float or double");
  EXPECT_EQ(message("event_time", arrow::int64()),
            "column 'event_time' is int64; expected a timestamp");
  EXPECT_EQ(message("ip_version", arrow::boolean()),
            "column 'ip_version' is bool; expected an integer");
  EXPECT_EQ(message("src_addr", arrow::dictionary(arrow::int8(), arrow::int64())),
            "column 'src_addr' is dictionary<values=int64, indices=int8, ordered=0>; "
            "expected a string or a dictionary of strings");
}

}  // namespace
}  // namespace windrow::column
