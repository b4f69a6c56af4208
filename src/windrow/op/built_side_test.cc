// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/built_side.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include "windrow/exec/run_context.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

using testing::JsonArray;

class FindIdentityKeysTest : public ::testing::Test {
 protected:
  FindIdentityKeysTest() : slots_(2) {
    context_.pool = arrow::default_memory_pool();
    context_.slots = &slots_;
  }

  std::optional<column::KeyTable> Find(
      const arrow::ArrayVector& chunks,
      std::shared_ptr<arrow::DataType> common = arrow::int64(),
      bool nulls_equal = false) {
    const auto schema = arrow::schema({arrow::field("k", chunks[0]->type())});
    RetainedRows rows(schema);
    for (const auto& chunk : chunks) {
      rows.Add(arrow::RecordBatch::Make(schema, chunk->length(), {chunk}));
    }
    exec::StepMetrics metrics("join", "hash_join");
    auto found = FindIdentityKeys({{std::move(common)}, nulls_equal}, rows, 0, &context_,
                                  &metrics);
    EXPECT_TRUE(found.ok()) << found.status();
    return std::move(found).ValueOrDie();
  }

  static std::shared_ptr<arrow::Array> Keys(const char* json) {
    return JsonArray(arrow::int64(), json);
  }

  exec::TaskSlots slots_;
  exec::RunContext context_;
};

TEST_F(FindIdentityKeysTest, FindsKeysThatCountUp) {
  const auto none = Keys("[]");
  for (const auto& chunks : std::vector<arrow::ArrayVector>{
           {Keys("[-2, -1, 0, 1, 2]")},
           {Keys("[-2, -1]"), Keys("[0, 1, 2]")},
           {none, none, Keys("[-2]"), none, Keys("[-1, 0]"), Keys("[1, 2]"), none},
           {Keys("[9, -2, -1, 0]")->Slice(1), Keys("[1, 2, 7]")->Slice(0, 2)},
           {JsonArray(arrow::int16(), "[-2, -1, 0]"),
            JsonArray(arrow::int16(), "[1, 2]")}}) {
    const auto table = Find(chunks);
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->form(), column::KeyTable::Form::kIdentity);
    EXPECT_EQ(table->key_min(), -2);
    EXPECT_EQ(table->key_max(), 2);
    EXPECT_EQ(table->num_rows(), 5);
    EXPECT_EQ(DescribeTable(*table).second, "keys count up from -2 to 2");
  }
}

TEST_F(FindIdentityKeysTest, RefusesWhatDoesNotCountUp) {
  for (const auto& chunks : std::vector<arrow::ArrayVector>{
           {Keys("[1, 3]"), Keys("[3, 4]")},
           {Keys("[1, 1]")},
           {Keys("[1, 2]"), Keys("[4, 5]")},
           {Keys("[1, 2]"), Keys("[3]"), Keys("[4, 6]")},
           {Keys("[1, 2]"), Keys("[]"), Keys("[2, 3]")},
           {Keys("[1, null, 3]")},
           {Keys("[1, 2]"), Keys("[3, null]")},
           {Keys("[null, 1]")},
           {Keys("[9223372036854775807]"), Keys("[-9223372036854775808]")},
           {Keys("[]"), Keys("[]")}}) {
    EXPECT_FALSE(Find(chunks).has_value()) << chunks[0]->ToString();
  }
}

TEST_F(FindIdentityKeysTest, OnlyWordKeysAndUpToTheLastOne) {
  EXPECT_FALSE(Find({Keys("[1, 2]")}, arrow::int64(), /*nulls_equal=*/true).has_value());
  EXPECT_FALSE(
      Find({JsonArray(arrow::utf8(), R"(["1", "2"])")}, arrow::binary()).has_value());
  EXPECT_TRUE(Find({Keys("[9223372036854775806, 9223372036854775807]")}).has_value());
  const auto unsigned_keys =
      JsonArray(arrow::uint64(), "[9223372036854775807, 9223372036854775808]");
  EXPECT_FALSE(Find({unsigned_keys}, arrow::int64()).has_value());
}

TEST_F(FindIdentityKeysTest, TheTableFindsItsRows) {
  const auto table = Find({Keys("[5, 6]"), Keys("[7]")});
  ASSERT_TRUE(table.has_value());
  const auto keys = column::KeyBatch::Make(table->layout(), {Keys("[7, 4, 5, null, 8]")},
                                           context_.pool);
  ASSERT_TRUE(keys.ok());
  column::KeyMatches matches(context_.pool);
  ASSERT_TRUE(table->Match(*keys, false, &matches).ok());
  ASSERT_EQ(matches.build_rows.size(), 2);
  EXPECT_EQ(matches.build_rows[0], 2);
  EXPECT_EQ(matches.build_rows[1], 0);
}

}  // namespace
}  // namespace windrow::op
