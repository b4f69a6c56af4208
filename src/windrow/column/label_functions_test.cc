// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/label_functions.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/expression.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "windrow/column/text_memo.h"

namespace windrow::column {
namespace {

namespace cp = arrow::compute;
using testing::HasSubstr;
using Keys = std::vector<std::string>;
using ArrayPtr = std::shared_ptr<arrow::Array>;

class LabelFunctions : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(cp::Initialize().ok());
    ASSERT_TRUE(RegisterLabelFunctions(cp::GetFunctionRegistry()).ok());
  }
};

ArrayPtr ArrayOf(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

ArrayPtr Texts(const std::string& json) { return ArrayOf(arrow::utf8(), json); }

constexpr int64_t kMemoBytes = 8 << 20;

Result<ArrayPtr> Call(const char* function, std::vector<arrow::Datum> args,
                      std::optional<Keys> keys = std::nullopt,
                      int64_t memo_bytes = kMemoBytes) {
  const auto options = MakeLabelOptions(std::move(keys), memo_bytes);
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum result,
                        cp::CallFunction(function, args, options.get()));
  EXPECT_TRUE(result.make_array()->ValidateFull().ok());
  return result.make_array();
}

void ExpectCall(const std::string& expected, const char* function,
                const std::vector<arrow::Datum>& args,
                const std::optional<Keys>& keys = std::nullopt) {
  // With room for all texts, for one, and for none.
  for (const int64_t memo_bytes : {kMemoBytes, int64_t{64}, int64_t{0}}) {
    const auto found = Call(function, args, keys, memo_bytes);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_TRUE((*found)->Equals(*Texts(expected))) << (*found)->ToString();
  }
}

constexpr char kTexts[] = R"j(["{\"b\":1,\"a\":\"x\"}", null, "null", "{}",
                               "{\"a\":\"x\", \"b\":1}"])j";
constexpr char kSets[] = R"j(["{\"a\":\"x\",\"b\":\"1\"}", null, null, "{}",
                              "{\"a\":\"x\",\"b\":\"1\"}"])j";

TEST_F(LabelFunctions, TextsOfEveryKindGiveTheSame) {
  const auto dictionary = arrow::dictionary(arrow::int8(), arrow::utf8());
  ExpectCall(kSets, kLabelsFunction, {Texts(kTexts)});
  ExpectCall(kSets, kLabelsFunction, {ArrayOf(arrow::large_utf8(), kTexts)});
  ExpectCall(kSets, kLabelsFunction, {ArrayOf(dictionary, kTexts)});
  ExpectCall(kSets, kLabelsFunction,
             {ArrayOf(arrow::dictionary(arrow::uint16(), arrow::large_utf8()), kTexts)});
  ExpectCall(R"([null, null])", kLabelsFunction,
             {ArrayOf(arrow::null(), "[null, null]")});
  ExpectCall(R"j(["{}", null])j", kLabelsFunction,
             {Texts(R"j(["x", "{}", null])j")->Slice(1)});
}

TEST_F(LabelFunctions, OnlyValuesThatRowsUseAreParsed) {
  const auto values = Texts(R"j(["not JSON", "{\"a\":\"1\"}", null])j");
  const auto codes = ArrayOf(arrow::int32(), "[1, null, 2, 1]");
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto array = std::make_shared<arrow::DictionaryArray>(type, codes, values);
  ExpectCall(R"j(["{\"a\":\"1\"}", null, null, "{\"a\":\"1\"}"])j", kLabelsFunction,
             {arrow::Datum(array)});
  const auto outside = std::make_shared<arrow::DictionaryArray>(
      type, ArrayOf(arrow::int32(), "[1, 3]"), values);
  EXPECT_THAT(Call(kLabelsFunction, {arrow::Datum(outside)}).status().message(),
              HasSubstr("found the code 3 in a dictionary of 3"));
}

TEST_F(LabelFunctions, MapsAndStructsStandForTheirJson) {
  const auto map = arrow::map(arrow::utf8(), arrow::utf8());
  ExpectCall(R"j(["{\"a\":\"1\",\"b\":null}", null, "{}"])j", kLabelsFunction,
             {ArrayOf(map, R"j([[["b", null], ["a", "1"]], null, []])j")});
  EXPECT_THAT(Call(kLabelsFunction, {ArrayOf(map, R"j([[["a", "1"], ["a", "2"]]])j")})
                  .status()
                  .message(),
              HasSubstr("expected UTF-8 and each key once"));
  const auto type = arrow::struct_(
      {arrow::field("s", arrow::utf8()), arrow::field("i", arrow::int64()),
       arrow::field("d", arrow::float64()), arrow::field("b", arrow::boolean()),
       arrow::field("dec", arrow::decimal128(5, 2)), arrow::field("u", arrow::uint8()),
       arrow::field("\"", arrow::dictionary(arrow::int8(), arrow::utf8()))});
  ExpectCall(R"j(["{\"\\\"\":\"k\",\"b\":\"true\",\"d\":\"1.0E0\",\"dec\":\"1.5E0\",)j"
             R"j(\"i\":\"-5\",\"s\":\"x\\n\",\"u\":\"7\"}", null, "{}"])j",
             kLabelsFunction,
             {ArrayOf(type, R"j([["x\n", -5, 1.0, true, "1.50", 7, "k"], null,
                          [null, null, null, null, null, null, null]])j")});
}

TEST_F(LabelFunctions, FilterKeepsTheListedKeys) {
  const auto sets = Texts(R"j(["{\"a\":\"1\",\"b\":null,\"c\":\"3\"}", null, "{}"])j");
  ExpectCall(R"j(["{\"b\":null,\"c\":\"3\"}", null, "{}"])j", kLabelFilterFunction,
             {sets}, Keys{"c", "x", "b", "B"});
  ExpectCall(R"j(["{}", null, "{}"])j", kLabelFilterFunction, {sets}, Keys{});
  ExpectCall(R"j(["{\"q\\\"\":\"1\"}"])j", kLabelFilterFunction,
             {Texts(R"j(["{\"q\\\"\":\"1\",\"r\":\"\"}"])j")}, Keys{"q\""});
  EXPECT_THAT(Call(kLabelFilterFunction, {Texts(R"j(["{\"a\": \"1\"}"])j")}, Keys{})
                  .status()
                  .message(),
              HasSubstr("expected the text of a label set as labels(...) gives it"));
}

TEST_F(LabelFunctions, LabelsMayKeepListedKeysOnly) {
  ExpectCall(R"j(["{\"b\":\"2\"}", null])j", kLabelsFunction,
             {Texts(R"j(["{\"b\":2,\"a\":1}", "null"])j")}, Keys{"b"});
  ExpectCall(R"j(["{}", "{}"])j", kPipeLabelsFunction, {Texts(R"j(["a:1", null])j")},
             Keys{"b"});
  const auto map = arrow::map(arrow::utf8(), arrow::utf8());
  ExpectCall(R"j(["{\"a\":\"1\"}", null])j", kLabelsFunction,
             {ArrayOf(map, R"j([[["b", null], ["a", "1"]], null])j")}, Keys{"a"});
  EXPECT_THAT(Call(kLabelsFunction, {Texts(R"j(["{\"a\":1,\"a\":1}"])j")}, Keys{"b"})
                  .status()
                  .message(),
              HasSubstr("twice"));
}

TEST_F(LabelFunctions, ValueIsTextOrNull) {
  ExpectCall(R"j(["x\n\"", null, null, null])j", kLabelValueFunction,
             {Texts(R"j(["{\"a\":\"x\\n\\\"\"}", "{\"a\":null}", "{}", null])j")},
             Keys{"a"});
}

TEST_F(LabelFunctions, MergeTakesTheLaterValue) {
  const auto first =
      Texts(R"j(["{\"a\":\"1\",\"b\":\"1\"}", "{\"a\":\"1\"}", null, "{}"])j");
  const auto second = Texts(R"j(["{\"b\":null,\"c\":\"2\"}", null, "{}", "{}"])j");
  const arrow::Datum third(arrow::MakeScalar(R"({"c":"3"})"));
  ExpectCall(R"j(["{\"a\":\"1\",\"b\":null,\"c\":\"3\"}", null, null, "{\"c\":\"3\"}"])j",
             kLabelMergeFunction, {first, second, third});
  ExpectCall(R"j(["{\"a\":\"1\",\"b\":\"1\"}", "{\"a\":\"1\"}", null, "{}"])j",
             kLabelMergeFunction, {first});
}

TEST_F(LabelFunctions, PipesOfNothingAreTheEmptySet) {
  ExpectCall(R"j(["{}", "{}", "{\"a\":\"1\"}"])j", kPipeLabelsFunction,
             {Texts(R"j([null, "", "label_a:1"])j")});
}

/// One bound call used by several threads on batches with dictionaries that change.
TEST_F(LabelFunctions, ThreadsShareABoundCall) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("x", type)});
  const auto bound = cp::call(kLabelsFunction, {cp::field_ref("x")},
                              MakeLabelOptions(std::nullopt, kMemoBytes))
                         .Bind(*schema)
                         .ValueOrDie();
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int round = 0; round < 50; ++round) {
        arrow::StringBuilder values;
        arrow::Int32Builder codes;
        std::vector<std::string> expected;
        for (int v = 0; v < 10; ++v) {
          ASSERT_TRUE(
              values.Append("{ \"v\":" + std::to_string(random() % 100) + "}").ok());
        }
        const auto dictionary = values.Finish().ValueOrDie();
        for (int row = 0; row < 100; ++row) {
          ASSERT_TRUE(codes.Append(static_cast<int>(random() % 10)).ok());
        }
        const auto array = std::make_shared<arrow::DictionaryArray>(
            type, codes.Finish().ValueOrDie(), dictionary);
        const auto batch = arrow::RecordBatch::Make(schema, 100, {array});
        const auto found =
            cp::ExecuteScalarExpression(bound, cp::ExecBatch(*batch)).ValueOrDie();
        const auto& sets = static_cast<const arrow::StringArray&>(*found.make_array());
        for (int row = 0; row < 100; ++row) {
          const std::string text = static_cast<const arrow::StringArray&>(*dictionary)
                                       .GetString(array->GetValueIndex(row));
          const std::string number = text.substr(6, text.size() - 7);
          ASSERT_EQ(sets.GetString(row), "{\"v\":\"" + number + "\"}");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

int64_t Find(const TextMemo& memo, std::string_view key) {
  return memo.Find(key, TextMemo::HashOf(key));
}

Result<int64_t> Add(TextMemo* memo, std::string_view key,
                    std::optional<std::string_view> result) {
  return memo->Add(key, TextMemo::HashOf(key), result);
}

TEST(TextMemo, ForgetsWhenItGrowsTooLarge) {
  TextMemo memo(kMemoBytes, arrow::default_memory_pool());
  const std::string large(kMemoBytes / 4, 'x');
  EXPECT_EQ(Find(memo, "a"), -1);
  ASSERT_TRUE(Add(&memo, "a", "1").ok());
  ASSERT_TRUE(Add(&memo, "b", std::nullopt).ok());
  EXPECT_EQ(memo.result(Find(memo, "a")), "1");
  EXPECT_EQ(memo.result(Find(memo, "b")), std::nullopt);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Add(&memo, large + std::to_string(i), "").ok());
  EXPECT_EQ(memo.age(), 1);
  EXPECT_EQ(Find(memo, "a"), -1);
  EXPECT_GE(Find(memo, large + "3"), 0);
}

TEST(TextMemo, FindsEachOfManyTexts) {
  TextMemo memo(kMemoBytes, arrow::default_memory_pool());
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(Add(&memo, "key" + std::to_string(i), std::to_string(i)).ValueOrDie(), i);
  }
  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(memo.result(Find(memo, "key" + std::to_string(i))), std::to_string(i));
  }
  EXPECT_EQ(Find(memo, "key5000"), -1);
}

}  // namespace
}  // namespace windrow::column
