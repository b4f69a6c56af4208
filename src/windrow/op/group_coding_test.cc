// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/group_coding.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <support/random_columns.h>

#include "windrow/exec/memory_budget.h"

namespace windrow::op {
namespace {

using testing::AsDictionary;
using testing::JsonArray;
using testing::Random;

exec::RunContext Context() {
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  return context;
}

TEST(GroupCoding, GivesBackWhatItPacked) {
  exec::RunContext context = Context();
  Random random(7);
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> kColumns = {
      {arrow::int8(), "[-128, null, 127, 0]"},
      {arrow::uint16(), "[0, null, 65535, 1]"},
      {arrow::int64(), "[-9223372036854775808, null, 9223372036854775807, 0]"},
      {arrow::uint64(), "[18446744073709551615, null, 0, 1]"},
      {arrow::boolean(), "[true, null, false, true]"},
      {arrow::date32(), "[-1, null, 20000, 0]"},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[-1, null, 5, 0]"},
      {arrow::float32(), "[-1.5, null, 0.25, 1e30]"},
      {arrow::float64(), "[-1.5, null, 0.25, 1e300]"},
      {arrow::utf8(), R"(["", null, "a", "zebra"])"},
      {arrow::large_binary(), R"(["", null, "a", "zebra"])"},
      {arrow::decimal128(20, 2), R"(["-1.50", null, "0.00", "99.99"])"},
      {arrow::null(), "[null, null, null, null]"},
  };
  std::vector<std::shared_ptr<arrow::DataType>> types;
  arrow::ArrayVector columns;
  for (const auto& [type, json] : kColumns) {
    types.push_back(type);
    columns.push_back(JsonArray(type, json));
  }
  GroupCoding coding(types, true, &context);
  column::PoolVector<uint64_t> keys(context.pool);
  ASSERT_TRUE(coding.Code(columns, 4, &keys).ok());
  for (const bool is_coding_over : {false, true}) {
    const auto found = coding.Decode(keys.data(), 4, is_coding_over, context.pool);
    ASSERT_TRUE(found.ok()) << found.status();
    for (size_t i = 0; i < columns.size(); ++i) {
      EXPECT_TRUE((*found)[i]->Equals(columns[i])) << (*found)[i]->ToString();
      EXPECT_TRUE((*found)[i]->ValidateFull().ok());
    }
  }
  // A dictionary gives the keys of its values.
  arrow::ArrayVector coded = columns;
  coded[9] = AsDictionary(columns[9], random);
  column::PoolVector<uint64_t> same(context.pool);
  ASSERT_TRUE(coding.Code(coded, 4, &same).ok());
  EXPECT_THAT(same.view(), ::testing::ElementsAreArray(keys.view()));
}

TEST(GroupCoding, PacksByTheBitsOfTypes) {
  exec::RunContext context = Context();
  const auto words = [&](std::vector<std::shared_ptr<arrow::DataType>> types,
                         bool has_nulls) {
    return GroupCoding(types, has_nulls, &context).words();
  };
  EXPECT_EQ(words({}, true), 0);
  EXPECT_EQ(words({arrow::date32(), arrow::utf8()}, true), 1);
  EXPECT_EQ(words({arrow::date32(), arrow::utf8(), arrow::utf8(), arrow::utf8()}, true),
            2);
  EXPECT_EQ(words({arrow::int64()}, false), 1);
  EXPECT_EQ(words({arrow::int64()}, true), 2);
}

TEST(GroupCoding, EqualFloatsHaveEqualKeys) {
  exec::RunContext context = Context();
  GroupCoding coding({arrow::float64()}, true, &context);
  arrow::DoubleBuilder builder;
  const double kNan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(builder.AppendValues({0.0, -0.0, kNan, -kNan}).ok());
  column::PoolVector<uint64_t> keys(context.pool);
  ASSERT_TRUE(coding.Code({builder.Finish().ValueOrDie()}, 4, &keys).ok());
  EXPECT_EQ(keys[0], keys[2]);
  EXPECT_EQ(keys[1], keys[3]);
  EXPECT_EQ(keys[4], keys[6]);
  EXPECT_EQ(keys[5], keys[7]);
}

}  // namespace
}  // namespace windrow::op
