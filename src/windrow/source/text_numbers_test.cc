// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/text_numbers.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <string>

namespace windrow::source {
namespace {

TEST(TextNumbers, CountsFromZeroInOrderOfArrival) {
  TextNumbers numbers(arrow::default_memory_pool());
  for (const auto& type : {arrow::utf8(), arrow::large_binary(), arrow::utf8()}) {
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 5000; ++i) {
        const std::string text = i == 7 ? "" : std::to_string(i);
        ASSERT_EQ(numbers.NumberOf(text).ValueOrDie(), i);
        ASSERT_EQ(numbers.text(i), text);
      }
    }
    EXPECT_EQ(numbers.size(), 5000);
    const auto array = numbers.Take(type).ValueOrDie();
    ASSERT_TRUE(array->ValidateFull().ok());
    EXPECT_TRUE(array->type()->Equals(*type));
    EXPECT_EQ(array->length(), 5000);
    const auto texts =
        array
            ->View(type->id() == arrow::Type::STRING ? arrow::binary()
                                                     : arrow::large_binary())
            .ValueOrDie();
    EXPECT_EQ(texts->GetScalar(4999).ValueOrDie()->ToString(),
              arrow::MakeScalar(texts->type(), arrow::Buffer::FromString("4999"))
                  .ValueOrDie()
                  ->ToString());
    EXPECT_EQ(numbers.size(), 0);
    EXPECT_EQ(numbers.num_bytes(), 0);
  }
}

TEST(TextNumbers, MakesAnArrayOfNothing) {
  TextNumbers numbers(arrow::default_memory_pool());
  const auto array = numbers.Take(arrow::utf8()).ValueOrDie();
  EXPECT_TRUE(array->ValidateFull().ok());
  EXPECT_EQ(array->length(), 0);
}

}  // namespace
}  // namespace windrow::source
