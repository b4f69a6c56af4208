// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/gather.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>
#include <sys/mman.h>

#include <algorithm>
#include <string>

namespace windrow::column {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using testing::AsDictionary;
using testing::Chance;
using testing::Draw;
using testing::JsonArray;
using testing::Pick;
using testing::Random;

arrow::MemoryPool* Pool() { return arrow::default_memory_pool(); }

/// A few values of each type that columns have.
std::vector<ArrayPtr> ValuesOfAllTypes() {
  const char* text = R"(["", "a", "bc", "def", "four", "seven77", "eight888", "nine99999",
    "sixteen characte", "seventeen charact", "a text past two words of it"])";
  const auto pair = arrow::struct_(
      {arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())});
  return {
      JsonArray(arrow::boolean(), "[true, false]"),
      JsonArray(arrow::int8(), "[-128, 0, 5]"),
      JsonArray(arrow::uint16(), "[65535, 0, 5]"),
      JsonArray(arrow::int32(), "[-5, 0, 2147483647]"),
      JsonArray(arrow::int64(), "[-5, 0, 9223372036854775807]"),
      JsonArray(arrow::float32(), "[-0.0, 1.5, 3e30]"),
      JsonArray(arrow::float64(), "[-0.5, 1.5, 3e300]"),
      JsonArray(arrow::date32(), "[-1, 20000]"),
      JsonArray(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[-1, 20000]"),
      JsonArray(arrow::decimal128(20, 2), R"(["1.25", "-99999999999999.01"])"),
      JsonArray(arrow::decimal256(50, 2), R"(["1.25", "-99999999999999.01"])"),
      JsonArray(arrow::fixed_size_binary(3), R"(["abc", "xyz"])"),
      JsonArray(arrow::fixed_size_binary(0), R"([""])"),
      JsonArray(arrow::utf8(), text),
      JsonArray(arrow::binary(), text),
      JsonArray(arrow::large_utf8(), text),
      JsonArray(arrow::large_binary(), text),
      JsonArray(arrow::list(arrow::int32()), "[[], [1], [2, null, 3]]"),
      JsonArray(pair, R"([[1, "a"], [null, "bb"], [3, null]])"),
      JsonArray(arrow::fixed_size_list(arrow::int16(), 2), "[[1, 2], [3, null]]"),
      JsonArray(arrow::null(), "[null, null]"),
  };
}

struct Chunks {
  std::vector<ArrayPtr> arrays;
  std::vector<int64_t> offsets = {0};
};

Chunks Chunked(std::vector<ArrayPtr> arrays) {
  Chunks chunks;
  for (const ArrayPtr& array : arrays) {
    chunks.offsets.push_back(chunks.offsets.back() + array->length());
  }
  chunks.arrays = std::move(arrays);
  return chunks;
}

Chunks DrawChunks(const ArrayPtr& values, Random& random) {
  std::vector<ArrayPtr> arrays;
  for (int64_t count = Pick(random, 1, 5); count > 0; --count) {
    const double null_share = Chance(random, 0.5) ? 0 : Chance(random, 0.2) ? 1 : 0.3;
    arrays.push_back(Draw(values, Pick(random, 0, 90), null_share, random));
  }
  return Chunked(std::move(arrays));
}

/// Random or ascending row numbers, some of them none.
std::vector<int64_t> DrawRows(const Chunks& chunks, Random& random) {
  const int64_t total = chunks.offsets.back();
  const double missing_share = Chance(random, 0.5) ? 0 : Chance(random, 0.2) ? 1 : 0.2;
  std::vector<int64_t> rows;
  for (int64_t count = Pick(random, 0, 150); count > 0; --count) {
    const bool is_missing = total == 0 || Chance(random, missing_share);
    rows.push_back(is_missing ? kNoRow : Pick(random, 0, total - 1));
  }
  if (Chance(random, 0.3)) std::sort(rows.begin(), rows.end());
  return rows;
}

void ExpectSame(const Result<ArrayPtr>& found,
                const std::shared_ptr<arrow::DataType>& type, const ArrayPtr& expected) {
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE((*found)->type()->Equals(*type)) << (*found)->type()->ToString();
  const arrow::Status valid = (*found)->ValidateFull();
  ASSERT_TRUE(valid.ok()) << valid;
  EXPECT_TRUE(
      testing::Decoded(*found)->Equals(*expected, arrow::EqualOptions().nans_equal(true)))
      << "found " << (*found)->ToString() << "\nexpected " << expected->ToString();
}

/// Gathers from the chunks, and from their compacted ranges.
void ExpectGathered(const std::shared_ptr<arrow::DataType>& type, const Chunks& chunks,
                    const std::vector<int64_t>& rows) {
  const ArrayPtr expected = testing::TakeRows(chunks.arrays, rows);
  const auto order = MakeGatherOrder(rows, chunks.offsets, Pool());
  ASSERT_TRUE(order.ok()) << order.status();
  const auto compact = MakeCompactOrder(*order, Pool());
  ASSERT_TRUE(compact.ok());
  std::vector<ArrayPtr> sources;
  std::vector<ArrayPtr> taken;
  for (size_t r = 0; r < order->ranges.size(); ++r) {
    ASSERT_LT(order->ranges[r].begin, order->ranges[r].end);
    sources.push_back(chunks.arrays[order->ranges[r].chunk]);
    const auto taken_rows = compact->RowsOf(r);
    ASSERT_TRUE(std::is_sorted(taken_rows.begin(), taken_rows.end(), std::less_equal()))
        << "each row once";
    auto part = CompactRows(type, sources.back(), taken_rows, Pool());
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_EQ((*part)->length(), taken_rows.size());
    taken.push_back(*part);
  }
  ExpectSame(Gather(type, sources, *order, Pool()), type, expected);
  ExpectSame(Gather(type, taken, compact->order, Pool()), type, expected);
}

TEST(Gather, EveryTypeAgainstTake) {
  for (const ArrayPtr& values : ValuesOfAllTypes()) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(values->type()->ToString() + ", seed " + std::to_string(seed));
      Random random(seed);
      const Chunks chunks = DrawChunks(values, random);
      ExpectGathered(values->type(), chunks, DrawRows(chunks, random));
      if (HasFailure()) return;
    }
  }
}

TEST(Gather, DictionariesSameAndDifferentAndToPlain) {
  const ArrayPtr texts =
      JsonArray(arrow::utf8(), R"(["", "red", "green", "blue", "a longer one"])");
  const ArrayPtr numbers = JsonArray(arrow::int16(), "[1, 2, 3]");
  for (const ArrayPtr& values : {texts, numbers}) {
    const auto coded_type = arrow::dictionary(arrow::int32(), values->type());
    for (uint64_t seed = 0; seed < 60; ++seed) {
      SCOPED_TRACE(coded_type->ToString() + ", seed " + std::to_string(seed));
      Random random(seed);
      const Chunks plain = DrawChunks(values, random);
      Chunks mixed = plain;
      Chunks coded = plain;
      const ArrayPtr whole = arrow::Concatenate(plain.arrays).ValueOrDie();
      const ArrayPtr whole_coded = AsDictionary(whole, random);
      const bool is_one_dictionary = seed % 2 == 0;
      for (size_t i = 0; i < plain.arrays.size(); ++i) {
        const ArrayPtr& chunk = plain.arrays[i];
        coded.arrays[i] = is_one_dictionary
                              ? whole_coded->Slice(plain.offsets[i], chunk->length())
                              : AsDictionary(chunk, random);
        if (i % 2 == 0) mixed.arrays[i] = coded.arrays[i];
      }
      const auto rows = DrawRows(plain, random);
      ExpectGathered(coded_type, coded, rows);
      ExpectGathered(values->type(), coded, rows);
      ExpectGathered(values->type(), mixed, rows);
      if (HasFailure()) return;
    }
  }
}

TEST(Gather, UnifiedDictionaryPastItsCodesIsACapacityError) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::int64());
  std::vector<ArrayPtr> chunks;
  for (const int64_t first : {0, 100}) {
    arrow::Int64Builder values;
    for (int64_t value = first; value < first + 100; ++value) {
      ASSERT_TRUE(values.Append(value).ok());
    }
    chunks.push_back(std::make_shared<arrow::DictionaryArray>(
        type, JsonArray(arrow::int8(), "[99, 0]"), values.Finish().ValueOrDie()));
  }
  const auto order = MakeGatherOrder(std::vector<int64_t>{0, 3}, {0, 2, 4}, Pool());
  const auto found = Gather(type, chunks, *order, Pool());
  EXPECT_TRUE(found.status().IsCapacityError()) << found.status();
}

TEST(Gather, NothingWantedReadsNothing) {
  const std::vector<int64_t> none = {kNoRow, kNoRow};
  for (const ArrayPtr& values : ValuesOfAllTypes()) {
    for (const auto& rows : {none, std::vector<int64_t>()}) {
      const auto order = MakeGatherOrder(rows, {0, 0, 5}, Pool());
      ASSERT_TRUE(order.ok());
      EXPECT_TRUE(order->ranges.empty());
      const auto found = Gather(values->type(), {}, *order, Pool());
      ASSERT_TRUE(found.ok()) << found.status();
      EXPECT_EQ((*found)->length(), static_cast<int64_t>(rows.size()));
      EXPECT_EQ((*found)->null_count(), (*found)->length());
    }
  }
}

TEST(GatherOrder, AscendingRowsNeedNoPositions) {
  const std::vector<int64_t> rows = {1, 1, 4, 9};
  const auto order = MakeGatherOrder(rows, {0, 2, 2, 6, 10}, Pool());
  ASSERT_TRUE(order.ok());
  EXPECT_TRUE(order->positions.empty());
  ASSERT_EQ(order->ranges.size(), 3);
  EXPECT_EQ(order->ranges[0].chunk, 0);
  EXPECT_EQ(order->ranges[1].chunk, 2);
  EXPECT_EQ(order->ranges[2].chunk, 3);
  EXPECT_EQ(order->rows[2], 2);
  EXPECT_EQ(order->rows[3], 3);
}

TEST(GatherOrder, LargeRowNumbersSort) {
  Random random(3);
  std::vector<int64_t> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(Pick(random, 0, (int64_t{1} << 40) - 1));
  std::vector<int64_t> offsets;
  for (int64_t chunk = 0; chunk <= 1024; ++chunk) offsets.push_back(chunk << 30);
  const auto order = MakeGatherOrder(rows, offsets, Pool());
  ASSERT_TRUE(order.ok());
  int64_t before = -1;
  for (const auto& range : order->ranges) {
    for (int64_t i = range.begin; i < range.end; ++i) {
      const int64_t row = offsets[range.chunk] + order->rows[i];
      EXPECT_EQ(row, rows[order->positions[i]]);
      EXPECT_GE(row, before);
      before = row;
    }
  }
}

/// A string of 1 byte and one of as many bytes as offsets allow; unwritten pages, so
/// cheap.
ArrayPtr HugeText() {
  constexpr int64_t kBytes = INT32_MAX;
  void* pages = mmap(nullptr, kBytes, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  const auto bytes = std::shared_ptr<arrow::Buffer>(
      new arrow::Buffer(static_cast<const uint8_t*>(pages), kBytes),
      [](arrow::Buffer* buffer) {
        munmap(const_cast<uint8_t*>(buffer->data()), kBytes);
        delete buffer;
      });
  return std::make_shared<arrow::StringArray>(
      2, arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, INT32_MAX}), bytes);
}

TEST(Gather, PastTwoGibIsACapacityError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's allocator refuses such sizes";
#endif
  const std::vector<int64_t> rows = {0, 0, 1};
  const ArrayPtr plain = HugeText();
  ASSERT_NE(plain, nullptr);
  const auto coded = std::make_shared<arrow::DictionaryArray>(
      arrow::dictionary(arrow::int32(), arrow::utf8()),
      JsonArray(arrow::int32(), "[0, 1]"), plain);
  const auto listed = std::make_shared<arrow::ListArray>(
      arrow::list(arrow::utf8()), 2,
      arrow::Buffer::FromVector(std::vector<int32_t>{0, 1, 2}), plain);
  for (const auto& [type, chunk] :
       std::vector<std::pair<std::shared_ptr<arrow::DataType>, ArrayPtr>>{
           {arrow::utf8(), plain}, {arrow::utf8(), coded}, {listed->type(), listed}}) {
    SCOPED_TRACE(chunk->type()->ToString());
    const auto order = MakeGatherOrder(rows, {0, 2}, Pool());
    ASSERT_TRUE(order.ok());
    const auto found = Gather(type, {chunk}, *order, Pool());
    EXPECT_TRUE(found.status().IsCapacityError()) << found.status();
    const auto part = CompactRows(type, chunk, order->rows.view(), Pool());
    EXPECT_TRUE(part.status().IsCapacityError()) << part.status();
  }
}

TEST(Gather, MemoryComesFromThePool) {
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const auto text = JsonArray(arrow::utf8(), R"(["a", "b"])");
  {
    const std::vector<int64_t> rows = {1, 0};
    const auto order = MakeGatherOrder(rows, {0, 2}, &pool);
    const auto found = Gather(arrow::utf8(), {text}, *order, &pool);
    ASSERT_TRUE(found.ok());
    EXPECT_GT(pool.bytes_allocated(), 0);
  }
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

}  // namespace
}  // namespace windrow::column
