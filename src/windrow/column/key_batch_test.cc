// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_batch.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <cmath>

#include "windrow/column/key_type.h"

namespace windrow::column {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::TimeUnit;
using testing::JsonArray;

class KeyBatchTest : public ::testing::Test {
 protected:
  KeyBatch Keys(const KeyLayout& layout, const arrow::ArrayVector& columns) {
    auto keys = KeyBatch::Make(layout, columns, arrow::default_memory_pool());
    EXPECT_TRUE(keys.ok()) << keys.status();
    return std::move(keys).ValueOrDie();
  }

  /// Whether the keys of row `l` of `left` and row `r` of `right` are equal.
  static bool AreEqual(const KeyLayout& layout, const KeyBatch& left, int64_t l,
                       const KeyBatch& right, int64_t r) {
    if (!left.is_valid(l) || !right.is_valid(r)) return false;
    if (left.words()[l] != right.words()[r]) return false;
    return layout.is_word() || left.bytes(l) == right.bytes(r);
  }

  /// One line a left row, one mark a right row: = where the keys are equal.
  std::string Compare(const arrow::ArrayVector& left, const arrow::ArrayVector& right,
                      bool nulls_equal) {
    KeyLayout layout{{}, nulls_equal};
    for (size_t c = 0; c < left.size(); ++c) {
      layout.types.push_back(
          CommonKeyType(*left[c]->type(), *right[c]->type()).ValueOrDie());
    }
    const KeyBatch left_keys = Keys(layout, left);
    const KeyBatch right_keys = Keys(layout, right);
    std::string marks;
    for (int64_t l = 0; l < left_keys.size(); ++l) {
      for (int64_t r = 0; r < right_keys.size(); ++r) {
        marks += AreEqual(layout, left_keys, l, right_keys, r) ? '=' : '.';
      }
      marks += ' ';
    }
    if (!marks.empty()) marks.pop_back();
    return marks;
  }

  /// The same alone and as the second of two columns, which makes a word a byte string.
  void ExpectMarks(const ArrayPtr& left, const ArrayPtr& right,
                   const std::string& marks) {
    EXPECT_EQ(Compare({left}, {right}, false), marks);
    const auto same = [](int64_t rows) {
      std::string zeros;
      for (int64_t row = 0; row < rows; ++row) zeros += row == 0 ? "0" : ",0";
      return JsonArray(arrow::int8(), "[" + zeros + "]");
    };
    EXPECT_EQ(
        Compare({same(left->length()), left}, {same(right->length()), right}, false),
        marks);
  }
};

TEST_F(KeyBatchTest, IntegersOfAllWidths) {
  const auto wide = JsonArray(arrow::int64(), "[-1, 0, 7, 255, null]");
  ExpectMarks(JsonArray(arrow::int8(), "[-1, 7, null]"), wide, "=.... ..=.. .....");
  ExpectMarks(JsonArray(arrow::uint8(), "[0, 255]"), wide, ".=... ...=.");
  ExpectMarks(JsonArray(arrow::int16(), "[-1]"), wide, "=....");
  ExpectMarks(JsonArray(arrow::uint16(), "[65535, 255]"), wide, "..... ...=.");
  ExpectMarks(JsonArray(arrow::int32(), "[-1]"), wide, "=....");
  ExpectMarks(JsonArray(arrow::uint32(), "[4294967295]"), wide, ".....");
  ExpectMarks(JsonArray(arrow::boolean(), "[true, false, null]"),
              JsonArray(arrow::boolean(), "[null, true, false]"), ".=. ..= ...");
}

TEST_F(KeyBatchTest, LargeUnsignedMatchesNoSigned) {
  const auto large =
      JsonArray(arrow::uint64(), "[18446744073709551615, 9223372036854775807]");
  const auto wide = JsonArray(arrow::int64(), "[-1, 9223372036854775807, 0]");
  ExpectMarks(large, wide, "... .=.");
  ExpectMarks(wide, large, ".. .= ..");
  ExpectMarks(large, large, "=. .=");
  EXPECT_EQ(Compare({large}, {wide}, true), "... .=.");
}

TEST_F(KeyBatchTest, ZerosAndNansAreOne) {
  arrow::DoubleBuilder doubles;
  const double other_nan = -std::nan("77");
  ASSERT_TRUE(doubles.AppendValues({-0.0, 0.0, std::nan(""), other_nan, 1.5}).ok());
  const auto left = doubles.Finish().ValueOrDie();
  arrow::FloatBuilder floats;
  ASSERT_TRUE(floats.AppendValues({0.0F, -std::nanf(""), 1.5F}).ok());
  const auto right = floats.Finish().ValueOrDie();
  ExpectMarks(left, right, "=.. =.. .=. .=. ..=");
  ExpectMarks(left, left, "==... ==... ..==. ..==. ....=");
}

TEST_F(KeyBatchTest, TimesInTheFinerUnit) {
  ExpectMarks(
      JsonArray(arrow::timestamp(TimeUnit::SECOND), "[1, -1, 9223372036854775807, 0]"),
      JsonArray(arrow::timestamp(TimeUnit::NANO), "[1000000000, -1000000000, 0, -1]"),
      "=... .=.. .... ..=.");
  ExpectMarks(JsonArray(arrow::date32(), "[1, 2147483647]"),
              JsonArray(arrow::date64(), "[86400000, 185542587100800000]"), "=. .=");
  ExpectMarks(JsonArray(arrow::time32(TimeUnit::SECOND), "[1, 86399]"),
              JsonArray(arrow::time64(TimeUnit::NANO), "[1000000000, 1]"), "=. ..");
  ExpectMarks(JsonArray(arrow::time32(TimeUnit::MILLI), "[1000]"),
              JsonArray(arrow::time32(TimeUnit::SECOND), "[1, 1000]"), "=.");
  ExpectMarks(JsonArray(arrow::duration(TimeUnit::MILLI), "[5, -9223372036854775807]"),
              JsonArray(arrow::duration(TimeUnit::MICRO), "[5000, 0]"), "=. ..");
}

TEST_F(KeyBatchTest, OverflowEqualsNothingEvenWithNulls) {
  const auto seconds =
      JsonArray(arrow::timestamp(TimeUnit::SECOND), "[9223372036854775807, null]");
  const auto nanos = JsonArray(arrow::timestamp(TimeUnit::NANO), "[0, null, -1]");
  EXPECT_EQ(Compare({seconds}, {nanos}, true), "... .=.");
  EXPECT_EQ(Compare({seconds}, {nanos}, false), "... ...");
}

TEST_F(KeyBatchTest, BytesOfAllKinds) {
  const auto text = JsonArray(arrow::utf8(), R"(["ab", "", "abc", null])");
  ExpectMarks(JsonArray(arrow::large_utf8(), R"(["", "ab", null])"), text,
              ".=.. =... ....");
  ExpectMarks(JsonArray(arrow::binary(), R"(["abc"])"), text, "..=.");
  ExpectMarks(JsonArray(arrow::fixed_size_binary(2), R"(["ab", null])"), text,
              "=... ....");
  EXPECT_EQ(Compare({text}, {text}, true), "=... .=.. ..=. ...=");
}

TEST_F(KeyBatchTest, ColumnsDoNotRunTogether) {
  const auto first = JsonArray(arrow::utf8(), R"(["a", "ab", null, ""])");
  const auto second = JsonArray(arrow::utf8(), R"(["bc", "c", "", null])");
  EXPECT_EQ(Compare({first, second}, {first, second}, false), "=... .=.. .... ....");
  EXPECT_EQ(Compare({first, second}, {first, second}, true), "=... .=.. ..=. ...=");
}

TEST_F(KeyBatchTest, DictionariesCompareAsValues) {
  const auto text = JsonArray(arrow::utf8(), R"(["x", "y", null])");
  testing::Random random(1);
  const auto codes =
      testing::AsDictionary(JsonArray(arrow::utf8(), R"(["y", null, "z", "x"])"), random);
  ExpectMarks(codes, text, ".=. ... ... =..");
  EXPECT_EQ(Compare({codes->Slice(1)}, {text}, true), "..= ... =..");
  const auto numbers =
      testing::AsDictionary(JsonArray(arrow::int16(), "[5, null, -5]"), random);
  ExpectMarks(numbers, JsonArray(arrow::int64(), "[-5, 5]"), ".= .. =.");
}

TEST_F(KeyBatchTest, SlicesStartAtTheirOffset) {
  for (const auto& type :
       {arrow::int64(), arrow::int16(), arrow::uint64(), arrow::float32(),
        arrow::date32(), arrow::timestamp(TimeUnit::MICRO)}) {
    const auto whole = JsonArray(type, "[9, 1, null, 2, 3]");
    ExpectMarks(whole->Slice(1, 3), whole, ".=... ..... ...=.");
  }
  const auto text = JsonArray(arrow::utf8(), R"(["p", "q", null, "r"])");
  ExpectMarks(text->Slice(1), text->Slice(3), ". . =");
  const auto flags = JsonArray(arrow::boolean(), "[false, true, null, true]");
  ExpectMarks(flags->Slice(1), flags->Slice(3), "= . =");
}

TEST_F(KeyBatchTest, NullTypeMatchesOnlyEqualNulls) {
  const auto none = JsonArray(arrow::null(), "[null, null]");
  const auto words = JsonArray(arrow::int32(), "[0, null]");
  const auto text = JsonArray(arrow::utf8(), R"(["", null])");
  for (const auto& other : {words, text, none}) {
    EXPECT_EQ(Compare({none}, {other}, false), ".. ..");
    EXPECT_EQ(Compare({none}, {other}, true), other == none ? "== ==" : ".= .=");
  }
}

TEST_F(KeyBatchTest, EmptyAndAllValid) {
  const KeyLayout words{{arrow::int64()}, false};
  const KeyLayout bytes{{arrow::binary()}, false};
  EXPECT_EQ(Keys(words, {JsonArray(arrow::int64(), "[]")}).size(), 0);
  EXPECT_EQ(Keys(bytes, {JsonArray(arrow::utf8(), "[]")}).size(), 0);
  EXPECT_TRUE(Keys(words, {JsonArray(arrow::int64(), "[1, 2]")}).all_valid());
  EXPECT_FALSE(Keys(words, {JsonArray(arrow::int64(), "[1, null]")}).all_valid());
}

TEST_F(KeyBatchTest, MemoryComesFromThePool) {
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const KeyLayout bytes{{arrow::binary()}, false};
  {
    const auto keys =
        KeyBatch::Make(bytes, {JsonArray(arrow::utf8(), R"(["a", "b"])")}, &pool);
    ASSERT_TRUE(keys.ok());
    EXPECT_GT(pool.bytes_allocated(), 0);
  }
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

}  // namespace
}  // namespace windrow::column
