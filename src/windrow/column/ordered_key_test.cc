// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/ordered_key.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <cmath>

#include "windrow/column/row_order.h"

namespace windrow::column {
namespace {

using testing::AsDictionary;
using testing::Chance;
using testing::Decoded;
using testing::Draw;
using testing::JsonArray;
using testing::Pick;
using testing::Random;
using ArrayPtr = std::shared_ptr<arrow::Array>;

arrow::MemoryPool* Pool() { return arrow::default_memory_pool(); }

/// Values of all kinds of types; of floats one zero and one NaN, as others are equal.
arrow::ArrayVector Values() {
  return {
      JsonArray(arrow::boolean(), "[true, false]"),
      JsonArray(arrow::int8(), "[-128, 0, 127]"),
      JsonArray(arrow::int16(), "[-5, 300]"),
      JsonArray(arrow::int32(), "[-2147483648, 7]"),
      JsonArray(arrow::int64(), "[-9223372036854775808, -1, 9223372036854775807]"),
      JsonArray(arrow::uint8(), "[0, 255]"),
      JsonArray(arrow::uint16(), "[0, 65535]"),
      JsonArray(arrow::uint32(), "[1, 4294967295]"),
      JsonArray(arrow::uint64(), "[0, 18446744073709551615]"),
      JsonArray(arrow::float32(), "[-Inf, -1.5, 0.0, 1e-40, Inf, NaN]"),
      JsonArray(arrow::float64(), "[-Inf, -1e300, 0.0, 5e-324, Inf, NaN]"),
      JsonArray(arrow::date32(), "[-5, 5]"),
      JsonArray(arrow::date64(), "[-86400000, 0]"),
      JsonArray(arrow::time32(arrow::TimeUnit::MILLI), "[0, 5]"),
      JsonArray(arrow::time64(arrow::TimeUnit::NANO), "[0, 5]"),
      JsonArray(arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), "[-5, 5]"),
      JsonArray(arrow::duration(arrow::TimeUnit::MICRO), "[-5, 5]"),
      JsonArray(arrow::decimal128(20, 3), R"(["-12345678901234567.890", "-0.001", "0.000",
                "0.001", "12345678901234567.890"])"),
      JsonArray(arrow::utf8(), R"(["", "\u0000", "\u0000\u0000", "\u0000\u0001", "a",
                "a\u0000", "a\u0000b", "ab", "\u007f", "ä", "longer than eight"])"),
      JsonArray(arrow::large_utf8(), R"(["", "\u0000", "a"])"),
      JsonArray(arrow::binary(), R"(["", "\u0000", "a"])"),
      JsonArray(arrow::large_binary(), R"(["", "\u0000", "a"])"),
      JsonArray(arrow::fixed_size_binary(3),
                R"(["\u0000\u0000\u0000", "abc", "ab\u0000"])"),
      JsonArray(arrow::null(), "[null]"),
  };
}

std::vector<std::string_view> Keys(const arrow::Array& encoded) {
  std::vector<std::string_view> keys;
  const auto& binary = static_cast<const arrow::BinaryArray&>(encoded);
  for (int64_t row = 0; row < binary.length(); ++row) keys.push_back(binary.GetView(row));
  return keys;
}

std::vector<std::string_view> Encode(const arrow::ArrayVector& columns, ArrayPtr* owner) {
  *owner = EncodeOrderedKeys(columns, Pool()).ValueOrDie();
  EXPECT_EQ((*owner)->null_count(), 0);
  return Keys(**owner);
}

int Sign(int compared) { return compared < 0 ? -1 : static_cast<int>(compared > 0); }

TEST(OrderedKey, SortsAsTheRowsDoAndDecodesToThem) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const arrow::ArrayVector pools = Values();
  for (size_t round = 0; round < 8 * pools.size(); ++round) {
    constexpr int64_t kRows = 40;
    arrow::ArrayVector columns;
    arrow::ArrayVector plain;
    std::vector<std::shared_ptr<arrow::DataType>> types;
    std::string label;
    for (int64_t k = Pick(random, 1, 3); k > 0; --k) {
      const auto any =
          static_cast<size_t>(Pick(random, 0, static_cast<int64_t>(pools.size()) - 1));
      const ArrayPtr& pool = pools[columns.empty() ? round % pools.size() : any];
      plain.push_back(Draw(pool, kRows, Chance(random, 0.5) ? 0.2 : 0, random));
      types.push_back(pool->type());
      const bool is_coded = pool->type_id() != arrow::Type::NA && Chance(random, 0.3);
      columns.push_back(is_coded ? AsDictionary(plain.back(), random) : plain.back());
      label += columns.back()->type()->ToString() + ", ";
    }
    SCOPED_TRACE(label);
    ArrayPtr owner;
    const std::vector<std::string_view> keys = Encode(columns, &owner);
    const RowOrder order =
        RowOrder::Make(std::vector<OrderKey>(plain.size()), plain, Pool()).ValueOrDie();
    for (int64_t a = 0; a < kRows; ++a) {
      for (int64_t b = 0; b < kRows; ++b) {
        ASSERT_EQ(
            Sign(keys[static_cast<size_t>(a)].compare(keys[static_cast<size_t>(b)])),
            Sign(order.Compare(a, b)))
            << a << " " << b;
      }
    }
    const auto decoded = DecodeOrderedKeys(types, keys, Pool()).ValueOrDie();
    ASSERT_EQ(decoded.size(), plain.size());
    for (size_t k = 0; k < plain.size(); ++k) {
      EXPECT_TRUE(decoded[k]->ValidateFull().ok());
      EXPECT_TRUE(decoded[k]->Equals(*plain[k], arrow::EqualOptions().nans_equal(true)))
          << decoded[k]->ToString();
    }
  }
}

TEST(OrderedKey, ZerosAreOneKeyAndSoAreNans) {
  for (const auto& type : {arrow::float32(), arrow::float64()}) {
    ArrayPtr owner;
    arrow::ArrayVector columns = {JsonArray(type, "[-0.0, 0.0, NaN, null]")};
    const auto keys = Encode(columns, &owner);
    EXPECT_EQ(keys[0], keys[1]);
    EXPECT_LT(keys[1], keys[2]);
    EXPECT_LT(keys[2], keys[3]);
  }
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({std::nan("1"), -std::nan("2")}).ok());
  ArrayPtr owner;
  const auto keys = Encode({builder.Finish().ValueOrDie()}, &owner);
  EXPECT_EQ(keys[0], keys[1]);
}

TEST(OrderedKey, ADictionaryComesBackAsOne) {
  Random random(2);
  const auto plain = JsonArray(arrow::utf8(), R"(["b", "a", null, "b"])");
  const ArrayPtr coded = AsDictionary(plain, random);
  ArrayPtr owner;
  const auto keys = Encode({coded, plain}, &owner);
  const auto decoded =
      DecodeOrderedKeys({coded->type(), plain->type()}, keys, Pool()).ValueOrDie();
  EXPECT_TRUE(decoded[0]->type()->Equals(*coded->type()));
  EXPECT_TRUE(Decoded(decoded[0])->Equals(*plain));
  EXPECT_TRUE(decoded[1]->Equals(*plain));
}

TEST(OrderedKey, OneColumnOfTextIsItsOwn) {
  EXPECT_TRUE(IsOwnKey({arrow::utf8()}));
  EXPECT_TRUE(IsOwnKey({arrow::large_binary()}));
  EXPECT_FALSE(IsOwnKey({arrow::int64()}));
  EXPECT_FALSE(IsOwnKey({arrow::utf8(), arrow::utf8()}));
  EXPECT_FALSE(IsOwnKey({arrow::dictionary(arrow::int32(), arrow::utf8())}));
}

TEST(OrderedKey, NoRowsGiveEmptyColumns) {
  const auto decoded = DecodeOrderedKeys({arrow::utf8(), arrow::float32()}, {}, Pool());
  ASSERT_TRUE(decoded.ok());
  for (const ArrayPtr& column : *decoded) EXPECT_EQ(column->length(), 0);
}

}  // namespace
}  // namespace windrow::column
