// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_type.h"

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windrow::column {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

TEST(KeyType, CommonTypeOfComparablePairs) {
  const auto utf8_codes = arrow::dictionary(arrow::int16(), arrow::utf8());
  const auto null = arrow::null();
  struct Case {
    TypePtr left, right, common;
  };
  const std::vector<Case> cases = {
      {arrow::int8(), arrow::int8(), arrow::int64()},
      {arrow::int64(), arrow::uint64(), arrow::int64()},
      {arrow::uint32(), arrow::uint64(), arrow::int64()},
      {arrow::uint64(), arrow::uint64(), arrow::uint64()},
      {arrow::boolean(), arrow::boolean(), arrow::boolean()},
      {arrow::float32(), arrow::float64(), arrow::float64()},
      {arrow::float32(), arrow::float32(), arrow::float64()},
      {arrow::date32(), arrow::date32(), arrow::date32()},
      {arrow::date32(), arrow::date64(), arrow::date64()},
      {arrow::timestamp(TimeUnit::SECOND), arrow::timestamp(TimeUnit::NANO),
       arrow::timestamp(TimeUnit::NANO)},
      {arrow::timestamp(TimeUnit::MILLI, "UTC"),
       arrow::timestamp(TimeUnit::SECOND, "Asia/Tokyo"),
       arrow::timestamp(TimeUnit::MILLI)},
      {arrow::time32(TimeUnit::SECOND), arrow::time32(TimeUnit::MILLI),
       arrow::time64(TimeUnit::MICRO)},
      {arrow::time32(TimeUnit::SECOND), arrow::time64(TimeUnit::NANO),
       arrow::time64(TimeUnit::NANO)},
      {arrow::duration(TimeUnit::SECOND), arrow::duration(TimeUnit::MICRO),
       arrow::duration(TimeUnit::MICRO)},
      {arrow::utf8(), arrow::large_binary(), arrow::binary()},
      {arrow::fixed_size_binary(3), arrow::large_utf8(), arrow::binary()},
      {utf8_codes, arrow::utf8(), arrow::binary()},
      {utf8_codes, utf8_codes, arrow::binary()},
      {null, arrow::int32(), arrow::int64()},
      {null, utf8_codes, arrow::binary()},
      {null, null, arrow::int64()},
  };
  for (const auto& [left, right, common] : cases) {
    SCOPED_TRACE(left->ToString() + " and " + right->ToString());
    for (const auto& found :
         {CommonKeyType(*left, *right), CommonKeyType(*right, *left)}) {
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_TRUE((*found)->Equals(*common)) << (*found)->ToString();
    }
    EXPECT_EQ(IsWordKey(*common), common->id() != arrow::Type::BINARY);
  }
}

TEST(KeyType, RefusesWhatDoesNotCompare) {
  struct Case {
    TypePtr left, right;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {arrow::int64(), arrow::float64(), "do not compare"},
      {arrow::int64(), arrow::utf8(), "int64 and string do not compare"},
      {arrow::boolean(), arrow::int8(), "do not compare"},
      {arrow::date32(), arrow::timestamp(TimeUnit::SECOND), "do not compare"},
      {arrow::timestamp(TimeUnit::SECOND), arrow::timestamp(TimeUnit::SECOND, "UTC"),
       "time zone"},
      {arrow::decimal128(10, 2), arrow::decimal128(10, 2), "do not compare"},
      {arrow::list(arrow::int32()), arrow::list(arrow::int32()), "do not compare"},
      {arrow::null(), arrow::list(arrow::int32()), "do not compare"},
      {arrow::dictionary(arrow::int8(), arrow::utf8()), arrow::int64(), "dictionary<"},
  };
  for (const auto& [left, right, reason] : cases) {
    const auto found = CommonKeyType(*left, *right);
    ASSERT_FALSE(found.ok()) << left->ToString() << " and " << right->ToString();
    EXPECT_EQ(BlameOf(found.status()), Blame::kUser);
    EXPECT_THAT(found.status().message(), ::testing::HasSubstr(reason));
  }
}

TEST(KeyType, RefusalNamesBothTypes) {
  const auto found = CommonKeyType(*arrow::null(), *arrow::list(arrow::int32()));
  EXPECT_THAT(found.status().message(), ::testing::HasSubstr("null and list<"));
}

}  // namespace
}  // namespace windrow::column
