// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/evaluate_by_value.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <string>

#include "windrow/op/filter_project.h"

namespace windrow::op {
namespace {

namespace cp = arrow::compute;
using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

ArrayPtr Coded(const std::string& codes, const std::string& values,
               const std::shared_ptr<arrow::DataType>& index = arrow::int32()) {
  return arrow::DictionaryArray::FromArrays(arrow::dictionary(index, arrow::utf8()),
                                            FromJson(index, codes),
                                            FromJson(arrow::utf8(), values))
      .ValueOrDie();
}

ArrayPtr Plain(const ArrayPtr& array) {
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  return cp::Cast(*array, arrow::utf8()).ValueOrDie();
}

class EvaluateByValueTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(cp::Initialize().ok()); }

  cp::Expression Bound(const cp::Expression& expression) const {
    return expression.Bind(*schema_).ValueOrDie();
  }
  std::shared_ptr<arrow::RecordBatch> Batch(const ArrayPtr& texts) const {
    const ArrayPtr numbers =
        arrow::MakeArrayFromScalar(arrow::Int64Scalar(1), texts->length()).ValueOrDie();
    return arrow::RecordBatch::Make(
        arrow::schema({schema_->field(0), arrow::field("s", texts->type())}),
        texts->length(), {numbers, texts});
  }
  Result<ArrayPtr> Evaluated(const cp::Expression& expression,
                             const ArrayPtr& texts) const {
    return EvaluateByValue(Bound(expression), 1, *Batch(texts),
                           arrow::default_memory_pool(), "f(s)");
  }

  const std::shared_ptr<arrow::Schema> schema_ = arrow::schema(
      {arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8())});
  const cp::Expression s_ = cp::field_ref("s");
  /// Fails on values of other kinds.
  const cp::Expression number_ =
      cp::call("cast", {s_}, cp::CastOptions::Safe(arrow::int64()));
};

TEST_F(EvaluateByValueTest, TextStaysADictionary) {
  const auto filled = cp::call("coalesce", {s_, cp::literal("")});
  const ArrayPtr texts =
      Coded("[1, null, 1, 0, null, 1, 0, 3, 3]", R"(["a", "b", "unused", null])");
  const auto found = Evaluated(filled, texts).ValueOrDie();
  EXPECT_EQ(found->type_id(), arrow::Type::DICTIONARY);
  EXPECT_TRUE(found->ValidateFull().ok());
  EXPECT_TRUE(Plain(found)->Equals(
      FromJson(arrow::utf8(), R"(["b", "", "b", "a", "", "b", "a", "", ""])")));
}

TEST_F(EvaluateByValueTest, OtherTypesAndNullsComePlain) {
  const ArrayPtr texts = Coded("[1, 0, null, 1, 0, 1, 0, 1]", R"(["1", "22"])");
  const auto lengths = Evaluated(cp::call("binary_length", {s_}), texts).ValueOrDie();
  EXPECT_TRUE(lengths->Equals(FromJson(arrow::int32(), "[2, 1, null, 2, 1, 2, 1, 2]")));
  const auto upper = Evaluated(cp::call("utf8_upper", {s_}), texts).ValueOrDie();
  EXPECT_TRUE(Plain(upper)->Equals(
      FromJson(arrow::utf8(), R"(["22", "1", null, "22", "1", "22", "1", "22"])")));
}

/// Neither values that no row has nor rows that a slice leaves out are looked at.
TEST_F(EvaluateByValueTest, OnlyValuesOfRowsCount) {
  const ArrayPtr texts =
      Coded("[1, 0, 0, 2, 0, 2, 0, 1]", R"(["7", "wrong", "8"])")->Slice(1, 6);
  const auto found = Evaluated(number_, texts).ValueOrDie();
  EXPECT_TRUE(found->Equals(FromJson(arrow::int64(), "[7, 7, 8, 7, 8, 7]")));
}

TEST_F(EvaluateByValueTest, AFailureNamesTheExpressionAndABadValue) {
  const ArrayPtr texts = Coded("[2, 2, 2, 1, 1, 1, 0, 0]", R"(["bad", "worse", "8"])");
  const Status status = Evaluated(number_, texts).status();
  EXPECT_EQ(BlameOf(status), Blame::kData);
  EXPECT_TRUE(status.message().starts_with("'f(s)': ")) << status.message();
  EXPECT_NE(status.message().find("'bad'"), std::string::npos) << status.message();
}

TEST_F(EvaluateByValueTest, ManyValuesAndOtherCodesAreLookedUp) {
  for (const ArrayPtr& texts :
       {Coded("[1, 0, 2]", R"(["7", "8", "9"])"),
        Coded("[1, 0, 2, 1, 1, 1, 1, 1]", R"(["7", "8", "9"])", arrow::int8()),
        Coded("[0]", R"(["7"])"), Coded("[]", "[]")}) {
    const auto found = Evaluated(number_, texts).ValueOrDie();
    EXPECT_TRUE(found->Equals(cp::Cast(*Plain(texts), arrow::int64()).ValueOrDie()));
  }
}

TEST_F(EvaluateByValueTest, AProjectDecodesWhatIsReadWithOthers) {
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  const auto length = cp::call("binary_length", {s_});
  const auto together = cp::call("add", {cp::field_ref("n"), length});
  Project project(
      {{.expression = Bound(together), .text = "together"},
       {.expression = Bound(length), .text = "alone"},
       {.input = 1}},
      schema_,
      arrow::schema({arrow::field("x", arrow::int64()), arrow::field("y", arrow::int32()),
                     arrow::field("s", arrow::utf8())}),
      &context);
  const ArrayPtr texts = Coded("[1, 0, 0, 1]", R"(["7", "88"])");
  const auto found = project.Process(Batch(texts)).ValueOrDie();
  EXPECT_TRUE(found->column(0)->Equals(FromJson(arrow::int64(), "[3, 2, 2, 3]")));
  EXPECT_TRUE(found->column(1)->Equals(FromJson(arrow::int32(), "[2, 1, 1, 2]")));
  EXPECT_EQ(found->column(2), texts);
}

TEST_F(EvaluateByValueTest, KnowsWhatIsReadAndWhatIsPure) {
  EXPECT_EQ(ColumnsRead(Bound(cp::call("coalesce", {s_, s_}))), std::vector<int>{1});
  EXPECT_TRUE(IsPure(Bound(number_)));
  EXPECT_FALSE(IsPure(Bound(cp::call("random", {}, cp::RandomOptions()))));
}

}  // namespace
}  // namespace windrow::op
