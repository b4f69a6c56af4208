// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/row_order.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/memory_pool.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

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

/// Distinct values of many types, ascending.
arrow::ArrayVector AscendingValues() {
  return {
      JsonArray(arrow::boolean(), "[false, true]"),
      JsonArray(arrow::int8(), "[-128, -1, 0, 127]"),
      JsonArray(arrow::int32(), "[-2147483648, -1, 0, 2147483647]"),
      JsonArray(arrow::int64(), "[-9223372036854775808, -1, 0, 9223372036854775807]"),
      JsonArray(arrow::uint16(), "[0, 1, 65535]"),
      JsonArray(arrow::uint64(), "[0, 9223372036854775808, 18446744073709551615]"),
      JsonArray(arrow::float32(), "[-Inf, -1.5, -0.0, 0.0, 1e-40, 2, Inf, NaN]"),
      JsonArray(arrow::float64(), "[-Inf, -1e300, -0.0, 0.0, 5e-324, 2, Inf, NaN]"),
      JsonArray(arrow::date32(), "[-5, 0, 5]"),
      JsonArray(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[-5, 0, 5]"),
      JsonArray(arrow::time32(arrow::TimeUnit::SECOND), "[0, 5]"),
      JsonArray(arrow::duration(arrow::TimeUnit::MILLI), "[-5, 0, 5]"),
      JsonArray(arrow::utf8(), R"(["", "\u0000", "\u0000a", "a", "a\u0000", "abcdefgh",
                "abcdefgh\u0000", "abcdefghi", "b", "ä"])"),
      JsonArray(arrow::large_binary(), R"(["", "\u0000", "x", "xy"])"),
      JsonArray(arrow::fixed_size_binary(2), R"(["\u0000a", "aa", "ab"])"),
      JsonArray(arrow::decimal128(30, 2), R"(["-99999999999999999999.00", "-0.01",
                "0.00", "0.01", "99999999999999999999.00"])"),
      JsonArray(arrow::null(), "[null]"),
  };
}

/// Where row `row` of `values` stands among the ascending `pool`; -1 for null.
int64_t Rank(const arrow::Array& pool, const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return -1;
  const auto equal = arrow::EqualOptions().nans_equal(true).signed_zeros_equal(false);
  for (int64_t rank = 0; rank < pool.length(); ++rank) {
    if (pool.RangeEquals(values, rank, rank + 1, row, equal)) return rank;
  }
  ADD_FAILURE() << "no rank";
  return -1;
}

struct Drawn {
  ArrayPtr column;             ///< perhaps a dictionary
  std::vector<int64_t> ranks;  ///< -1: null
  OrderKey key;
};

Drawn DrawColumn(const ArrayPtr& pool, int64_t rows, Random& random) {
  Drawn drawn;
  const ArrayPtr plain = Draw(pool, rows, Chance(random, 0.5) ? 0.3 : 0, random);
  for (int64_t row = 0; row < rows; ++row)
    drawn.ranks.push_back(Rank(*pool, *plain, row));
  const bool is_coded = pool->type_id() != arrow::Type::NA && Chance(random, 0.4);
  drawn.column = is_coded ? AsDictionary(plain, random) : plain;
  drawn.key = {Chance(random, 0.5), Chance(random, 0.5)};
  return drawn;
}

int SlowCompare(const std::vector<Drawn>& columns, size_t a, size_t b) {
  for (const Drawn& column : columns) {
    const int64_t x = column.ranks[a];
    const int64_t y = column.ranks[b];
    if (x == y) continue;
    if (x < 0 || y < 0) return (x < 0) == column.key.nulls_first ? -1 : 1;
    return (x < y) == column.key.descending ? 1 : -1;
  }
  return 0;
}

int Sign(int compared) { return compared < 0 ? -1 : static_cast<int>(compared > 0); }

TEST(RowOrder, OrdersAsASlowComparisonDoes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  Random random(seed);
  const arrow::ArrayVector pools = AscendingValues();
  for (size_t round = 0; round < 10 * pools.size(); ++round) {
    constexpr int64_t kRows = 40;
    std::vector<Drawn> columns = {DrawColumn(pools[round % pools.size()], kRows, random)};
    while (columns.size() < 3 && Chance(random, 0.6)) {
      const auto other = Pick(random, 0, static_cast<int64_t>(pools.size()) - 1);
      columns.push_back(DrawColumn(pools[static_cast<size_t>(other)], kRows, random));
    }
    std::vector<OrderKey> keys;
    arrow::ArrayVector arrays;
    std::string label = "order by";
    for (const Drawn& column : columns) {
      keys.push_back(column.key);
      arrays.push_back(column.column);
      label += " " + column.column->type()->ToString() +
               (column.key.descending ? " desc" : "") +
               (column.key.nulls_first ? " nulls first," : ",");
    }
    SCOPED_TRACE(label);
    const RowOrder order =
        RowOrder::Make(keys, arrays, arrow::default_memory_pool()).ValueOrDie();
    ASSERT_EQ(order.prefixes().size(), kRows);
    for (int64_t a = 0; a < kRows; ++a) {
      for (int64_t b = 0; b < kRows; ++b) {
        const int expected =
            SlowCompare(columns, static_cast<size_t>(a), static_cast<size_t>(b));
        ASSERT_EQ(Sign(order.Compare(a, b)), expected) << a << " " << b;
        const uint64_t x = order.prefixes()[a];
        const uint64_t y = order.prefixes()[b];
        if (x != y || order.prefix_decides()) {
          ASSERT_EQ(x < y ? -1 : static_cast<int>(x > y), expected) << a << " " << b;
        }
      }
    }
  }
}

TEST(RowOrder, ComparesRowsOfTwoTables) {
  const auto make = [](const ArrayPtr& column) {
    return RowOrder::Make({OrderKey{true, false}}, {column}, arrow::default_memory_pool())
        .ValueOrDie();
  };
  Random random(3);
  const auto left = JsonArray(arrow::utf8(), R"(["b", "a", null])");
  const RowOrder plain = make(left);
  for (const ArrayPtr& right : {left, AsDictionary(left, random)}) {
    const RowOrder other = make(right);
    EXPECT_LT(RowOrder::CompareRows(plain, 0, other, 1), 0);
    EXPECT_EQ(RowOrder::CompareRows(plain, 1, other, 1), 0);
    EXPECT_EQ(RowOrder::CompareRows(plain, 2, other, 2), 0);
    EXPECT_LT(RowOrder::CompareRows(plain, 1, other, 2), 0);
    EXPECT_GT(RowOrder::CompareRows(other, 2, plain, 0), 0);
  }
}

TEST(RowOrder, ANullNoRowHasChangesNothing) {
  const auto values = JsonArray(arrow::int64(), "[5, null, 3]");
  const arrow::DictionaryArray column(arrow::dictionary(arrow::int32(), arrow::int64()),
                                      JsonArray(arrow::int32(), "[0, 2, 0]"), values);
  const auto shared = arrow::MakeArray(column.data());
  const RowOrder order =
      RowOrder::Make({OrderKey{}}, {shared}, arrow::default_memory_pool()).ValueOrDie();
  EXPECT_GT(order.Compare(0, 1), 0);
  EXPECT_EQ(order.Compare(0, 2), 0);
}

TEST(RowOrder, WithoutColumnsAllRowsAreEqual) {
  const RowOrder order =
      RowOrder::Make({}, {}, arrow::default_memory_pool()).ValueOrDie();
  EXPECT_TRUE(order.prefixes().empty());
  EXPECT_EQ(order.Compare(0, 1), 0);
}

TEST(RowOrder, NestedTypesHaveNone) {
  EXPECT_FALSE(HasOrder(*arrow::list(arrow::int8())));
  EXPECT_FALSE(HasOrder(*arrow::struct_({})));
  EXPECT_TRUE(HasOrder(*arrow::dictionary(arrow::int8(), arrow::utf8())));
  for (const ArrayPtr& values : AscendingValues()) EXPECT_TRUE(HasOrder(*values->type()));
}

}  // namespace
}  // namespace windrow::column
