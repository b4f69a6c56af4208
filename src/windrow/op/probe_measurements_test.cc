// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_measurements.h"

#include <arrow/array.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include <string>

namespace windrow::op {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::JsonArray;
using ::testing::Pair;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class ProbeMeasurementsTest : public ::testing::TestWithParam<bool> {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(arrow::compute::Initialize().ok()); }

  /// Plain or as a dictionary, by the test's parameter.
  ArrayPtr Texts(const std::string& json) const {
    return JsonArray(
        GetParam() ? arrow::dictionary(arrow::int32(), arrow::utf8()) : arrow::utf8(),
        json);
  }

  BatchPtr Input() const {
    const ArrayPtr sources = Texts(R"(["10.0.0.1", null, "::1", "x", null])");
    const ArrayPtr destinations =
        Texts(R"(["192.0.2.1", "192.0.2.1", null, "192.0.2.256", "1::2::3"])");
    const auto schema = arrow::schema(
        {arrow::field("rtt", arrow::float64()), arrow::field("src_addr", sources->type()),
         arrow::field("dst_addr", destinations->type()),
         arrow::field("ip_version", arrow::int64()),
         arrow::field("event_time", arrow::timestamp(arrow::TimeUnit::MILLI))});
    return arrow::RecordBatch::Make(
        schema, 5,
        {JsonArray(arrow::float64(), "[1.5, 2.5, -1, null, 4]"), sources, destinations,
         JsonArray(arrow::int64(), "[4, 9, 6, 5, null]"),
         JsonArray(arrow::timestamp(arrow::TimeUnit::MILLI), "[1, 2, 3, 4, 5]")});
  }

  Result<BatchPtr> Run(NullSource null_source, const BatchPtr& input) {
    ARROW_ASSIGN_OR_RAISE(
        const auto op,
        ProbeMeasurements::Make(null_source, *input->schema(), &context_, &metrics_));
    return op->Process(input);
  }

  void SetUp() override { context_.pool = arrow::default_memory_pool(); }

  exec::RunContext context_;
  exec::StepMetrics metrics_{"measurements", "probe_measurements"};
};

TEST_P(ProbeMeasurementsTest, LeavesRowsWithoutSourceOut) {
  const auto output = Run(NullSource::kDrop, Input());
  ASSERT_TRUE(output.ok()) << output.status();
  const BatchPtr& batch = *output;
  EXPECT_TRUE(batch->ValidateFull().ok());
  EXPECT_THAT(batch->schema()->field_names(),
              ElementsAre("event_time", "src_addr", "dst_addr", "ip_version", "rtt"));
  EXPECT_TRUE(batch->column(0)->Equals(
      JsonArray(arrow::timestamp(arrow::TimeUnit::MICRO), "[1000, 3000, 4000]")));
  EXPECT_EQ(batch->column(1)->type_id() == arrow::Type::DICTIONARY, GetParam());
  EXPECT_TRUE(testing::Decoded(batch->column(1))
                  ->Equals(JsonArray(arrow::utf8(), R"(["10.0.0.1", "::1", "x"])")));
  EXPECT_TRUE(
      testing::Decoded(batch->column(2))
          ->Equals(JsonArray(arrow::utf8(), R"(["192.0.2.1", null, "192.0.2.256"])")));
  EXPECT_TRUE(batch->column(3)->Equals(JsonArray(arrow::int8(), "[4, 6, 5]")));
  EXPECT_TRUE(batch->column(4)->Equals(JsonArray(arrow::float32(), "[1.5, -1, null]")));
  EXPECT_THAT(metrics_.rejected(), ElementsAre(Pair("null src_addr", 2)));
  EXPECT_THAT(metrics_.counts(), ElementsAre(Pair("dst_addr not an address", 1),
                                             Pair("ip_version other than 4 or 6", 1),
                                             Pair("src_addr not an address", 1)));
}

TEST_P(ProbeMeasurementsTest, TakesTheEmptyTextForASource) {
  const auto output = Run(NullSource::kEmpty, Input());
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_TRUE((*output)->ValidateFull().ok());
  EXPECT_TRUE(
      testing::Decoded((*output)->column(1))
          ->Equals(JsonArray(arrow::utf8(), R"(["10.0.0.1", "", "::1", "x", ""])")));
  EXPECT_THAT(metrics_.rejected(), IsEmpty());
  EXPECT_THAT(metrics_.counts(), ElementsAre(Pair("dst_addr not an address", 2),
                                             Pair("ip_version other than 4 or 6", 3),
                                             Pair("src_addr not an address", 3)));
}

TEST_P(ProbeMeasurementsTest, RefusesNullSourcesWhenTold) {
  const Status status = Run(NullSource::kError, Input()).status();
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_EQ(status.message(),
            "column 'src_addr': 2 nulls in 5 rows; expected none (null_src: error)");
  EXPECT_TRUE(Run(NullSource::kError, Input()->Slice(2, 2)).ok());
}

INSTANTIATE_TEST_SUITE_P(PlainAndCoded, ProbeMeasurementsTest, ::testing::Bool());

TEST(AddressCounter, ReadsAddresses) {
  for (const char* text :
       {"0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "::ffff:192.0.2.1",
        "1:2:3:4:5:6:7:8", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "1::", "::1",
        "1:2:3::5:6:7:8", "2001:DB8:0:0:0:0:0:00ff"}) {
    EXPECT_TRUE(IsAddress(text)) << text;
  }
  for (const std::string& text : {std::string(),
                                  std::string("1.2.3"),
                                  std::string("1.2.3.4.5"),
                                  std::string("1.2.3.4 "),
                                  std::string("1.2.03.4"),
                                  std::string("1..3.4"),
                                  std::string("1.2.3."),
                                  std::string(".1.2.3"),
                                  std::string("g::"),
                                  std::string(":"),
                                  std::string("10.0.0.1\0", 9),
                                  std::string(300, '1'),
                                  std::string("1:2:3:4:5:6:7"),
                                  std::string("1:2:3:4:5:6:7:8:9"),
                                  std::string("1:2:3:4::5:6:7:8"),
                                  std::string("1::2::3"),
                                  std::string("12345::"),
                                  std::string("1:"),
                                  std::string(":1"),
                                  std::string(":::"),
                                  std::string("1:2:3:")}) {
    EXPECT_FALSE(IsAddress(text)) << text;
  }
}

TEST(AddressCounter, KnowsADictionaryAgainAndRefusesCodesOutsideIt) {
  AddressCounter counter;
  const auto texts = JsonArray(arrow::dictionary(arrow::int32(), arrow::utf8()),
                               R"(["1.1.1.1", "x", "x", null, "y"])");
  EXPECT_EQ(counter.CountOthers(*texts).ValueOrDie(), 3);
  EXPECT_EQ(counter.CountOthers(*texts->Slice(1, 2)).ValueOrDie(), 2);
  const auto other =
      JsonArray(arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["z", "1.1.1.1"])");
  EXPECT_EQ(counter.CountOthers(*other).ValueOrDie(), 1);
  const auto damaged = std::make_shared<arrow::DictionaryArray>(
      texts->type(), JsonArray(arrow::int32(), "[0, 7]"),
      JsonArray(arrow::utf8(), R"(["a"])"));
  EXPECT_EQ(BlameOf(counter.CountOthers(*damaged).status()), Blame::kData);
}

TEST(AddressCounter, CountsPlainTextsHoweverOftenTheyRecur) {
  std::string json = "[";
  int64_t others = 0;
  for (int i = 0; i < 20000; ++i) {
    const bool is_address = i % 7 != 0;
    others += is_address ? 0 : 1;
    json += std::string(i == 0 ? "" : ",") + "\"10.0." + std::to_string(i % 977 % 256) +
            (is_address ? ".1\"" : ".300\"");
  }
  AddressCounter counter;
  EXPECT_EQ(counter.CountOthers(*JsonArray(arrow::utf8(), json + "]")).ValueOrDie(),
            others);
}

}  // namespace
}  // namespace windrow::op
