// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/key_table.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <support/random_columns.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace windrow::column {
namespace {

using testing::Chance;
using testing::Pick;
using testing::Random;
using Pairs = std::vector<std::pair<int64_t, int64_t>>;

arrow::MemoryPool* Pool() { return arrow::default_memory_pool(); }

/// One batch of keys in two forms: arrays, and text that is equal exactly when keys are.
struct TextKeys {
  arrow::ArrayVector columns;
  std::vector<std::optional<std::string>>
      texts;  ///< nothing for a key that matches nothing
};

/// How keys are drawn.
struct KeyKind {
  const char* name;
  int num_columns;
  bool is_text;
  int64_t low;
  int64_t high;
  double null_share;
  bool nulls_equal;
  std::vector<int64_t> extremes;  ///< mixed in
};

const std::vector<KeyKind> kKinds = {
    {"few", 1, false, 0, 5, 0.1, false, {}},
    {"dense", 1, false, 1000, 1400, 0, false, {}},
    {"dense around zero", 1, false, -200, 200, 0.2, false, {}},
    {"sparse", 1, false, -1'000'000'000, 1'000'000'000, 0.05, false, {}},
    {"all of int64",
     1,
     false,
     INT64_MIN,
     INT64_MAX,
     0,
     false,
     {INT64_MIN, INT64_MAX, 0, -1}},
    {"at the low end", 1, false, INT64_MIN, INT64_MIN + 50, 0.1, false, {}},
    {"at the high end", 1, false, INT64_MAX - 50, INT64_MAX, 0.1, false, {}},
    {"both ends", 1, false, 0, 3, 0.1, false, {INT64_MIN, INT64_MAX}},
    {"only nulls", 1, false, 0, 3, 1, false, {}},
    {"nulls equal", 1, false, 0, 20, 0.3, true, {}},
    {"few texts", 1, true, 0, 9, 0.1, false, {}},
    {"many texts", 1, true, 0, 100'000, 0, false, {}},
    {"texts, nulls equal", 1, true, 0, 9, 0.3, true, {}},
    {"two columns", 2, true, 0, 12, 0.1, false, {}},
    {"two columns, nulls equal", 2, false, 0, 6, 0.3, true, {}},
};

TextKeys DrawKeys(const KeyKind& kind, int64_t rows, Random& random) {
  TextKeys keys;
  keys.texts.assign(static_cast<size_t>(rows), "");
  for (int c = 0; c < kind.num_columns; ++c) {
    arrow::Int64Builder words;
    arrow::StringBuilder texts;
    const bool is_text = kind.is_text && c == 0;
    for (auto& key : keys.texts) {
      const bool is_null = Chance(random, kind.null_share);
      int64_t value = Pick(random, kind.low, kind.high);
      if (!kind.extremes.empty() && Chance(random, 0.2)) {
        value = kind.extremes[random() % kind.extremes.size()];
      }
      const std::string text =
          is_text ? std::string(value % 7 + 1, 'k') + std::to_string(value)
                  : std::to_string(value);
      EXPECT_TRUE((is_null ? words.AppendNull() : words.Append(value)).ok());
      EXPECT_TRUE((is_null ? texts.AppendNull() : texts.Append(text)).ok());
      if (is_null && !kind.nulls_equal) key.reset();
      if (key.has_value()) key->append("|").append(is_null ? "null" : text);
    }
    keys.columns.push_back(is_text ? texts.Finish().ValueOrDie()
                                   : words.Finish().ValueOrDie());
  }
  return keys;
}

KeyLayout LayoutOf(const KeyKind& kind) {
  KeyLayout layout{{kind.is_text ? arrow::binary() : arrow::int64()}, kind.nulls_equal};
  if (kind.num_columns == 2) layout.types.push_back(arrow::int64());
  return layout;
}

void Complete(KeyTable* table, int num_parts) {
  ASSERT_TRUE(table->Freeze(num_parts).ok());
  for (int part = 0; part < num_parts; ++part) table->CountPart(part);
  ASSERT_TRUE(table->PlacePartStarts().ok());
  for (int part = num_parts - 1; part >= 0; --part) table->FillPart(part);
}

KeyBatch Keys(const KeyLayout& layout, const arrow::ArrayVector& columns) {
  return KeyBatch::Make(layout, columns, Pool()).ValueOrDie();
}

using RowsByText = std::map<std::string, std::vector<int64_t>>;

void ExpectMatches(const KeyTable& table, const RowsByText& reference,
                   const TextKeys& probe) {
  const KeyBatch keys = Keys(table.layout(), probe.columns);
  Pairs inner;
  Pairs outer;
  std::vector<uint8_t> exists;
  for (size_t row = 0; row < probe.texts.size(); ++row) {
    const auto& text = probe.texts[row];
    const auto found = text.has_value() ? reference.find(*text) : reference.end();
    exists.push_back(found == reference.end() ? 0 : 1);
    if (found == reference.end()) {
      outer.emplace_back(row, int64_t{KeyTable::kNoBuildRow});
      continue;
    }
    for (const int64_t build_row : found->second) {
      inner.emplace_back(row, build_row);
      outer.emplace_back(row, build_row);
    }
  }
  for (const bool keep_unmatched : {false, true}) {
    KeyMatches matches(Pool());
    ASSERT_TRUE(table.Match(keys, keep_unmatched, &matches).ok());
    Pairs found;
    ASSERT_EQ(matches.probe_rows.size(), matches.build_rows.size());
    for (int64_t i = 0; i < matches.probe_rows.size(); ++i) {
      found.emplace_back(matches.probe_rows[i], matches.build_rows[i]);
    }
    EXPECT_EQ(found, keep_unmatched ? outer : inner);
  }
  std::vector<uint8_t> found_exists(exists.size(), 7);
  ASSERT_TRUE(table.Exists(keys, found_exists).ok());
  EXPECT_EQ(found_exists, exists);
  std::vector<uint32_t> counts(exists.size());
  for (const auto& [probe_row, build_row] : inner) ++counts[probe_row];
  std::vector<uint32_t> found_counts(exists.size(), 7);
  ASSERT_TRUE(table.CountMatches(keys, found_counts).ok());
  EXPECT_EQ(found_counts, counts);
}

void ExpectDistinct(const KeyTable& table, const RowsByText& reference) {
  PoolVector<int64_t> words(Pool());
  ASSERT_TRUE(table.DistinctWords(&words).ok());
  EXPECT_EQ(words.size(), static_cast<int64_t>(reference.size()));
  EXPECT_TRUE(std::is_sorted(words.begin(), words.end(), std::less_equal<>()));
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues(words.data(), words.size()).ok());
  std::vector<uint8_t> exists(static_cast<size_t>(words.size()));
  ASSERT_TRUE(
      table.Exists(Keys(table.layout(), {builder.Finish().ValueOrDie()}), exists).ok());
  EXPECT_EQ(std::count(exists.begin(), exists.end(), 1), words.size());
}

void RunRandom(const KeyKind& kind, uint64_t seed) {
  SCOPED_TRACE(std::string(kind.name) + ", seed " + std::to_string(seed));
  Random random(seed);
  KeyTable table(LayoutOf(kind), Pool());
  RowsByText reference;
  int64_t first = 0;
  const int64_t rows_max = std::vector<int64_t>{3, 60, 700}[seed % 3];
  for (int64_t batches = Pick(random, 0, 4); batches > 0; --batches) {
    const TextKeys keys = DrawKeys(kind, Pick(random, 0, rows_max), random);
    ASSERT_TRUE(table.Add(Keys(table.layout(), keys.columns)).ok());
    for (const auto& text : keys.texts) {
      if (text.has_value()) reference[*text].push_back(first);
      ++first;
    }
  }
  Complete(&table, static_cast<int>(Pick(random, 1, 5)));
  EXPECT_EQ(table.num_rows(), first);
  for (int i = 0; i < 3; ++i) {
    ExpectMatches(table, reference, DrawKeys(kind, Pick(random, 0, 500), random));
  }
  if (table.layout().is_word()) ExpectDistinct(table, reference);
}

TEST(KeyTable, RandomKeysAgainstAMap) {
  for (const KeyKind& kind : kKinds) {
    for (uint64_t seed = 0; seed < 24; ++seed) RunRandom(kind, seed);
    if (HasFailure()) return;
  }
}

TEST(KeyTable, FormFollowsTheKeys) {
  struct Case {
    const char* keys;
    KeyTable::Form form;
  };
  const std::vector<Case> cases = {
      {"[7, 7, 9]", KeyTable::Form::kDense},
      {"[0, 16, 4]", KeyTable::Form::kHash},
      {"[0, 15, 4]", KeyTable::Form::kDense},
      {"[null]", KeyTable::Form::kHash},
      {"[]", KeyTable::Form::kHash},
      {"[-9223372036854775808, 9223372036854775807]", KeyTable::Form::kHash},
      {"[9223372036854775807]", KeyTable::Form::kDense},
  };
  for (const auto& [json, form] : cases) {
    KeyTable table({{arrow::int64()}, false}, Pool());
    ASSERT_TRUE(
        table.Add(Keys(table.layout(), {testing::JsonArray(arrow::int64(), json)})).ok());
    Complete(&table, 3);
    EXPECT_EQ(table.form(), form) << json;
  }
}

TEST(KeyTable, IdentityIsASubtraction) {
  const KeyLayout layout{{arrow::int64()}, false};
  for (const int64_t base :
       {int64_t{INT64_MIN}, int64_t{-3}, int64_t{0}, INT64_MAX - 9}) {
    const KeyTable table = KeyTable::Identity(layout, base, 10, Pool());
    RowsByText reference;
    for (int64_t row = 0; row < 10; ++row) {
      reference[std::string("|").append(std::to_string(base + row))] = {row};
    }
    const KeyKind around{"around", 1,   false, base == INT64_MIN ? base : base - 3,
                         base + 9, 0.1, false, {INT64_MIN, INT64_MAX, 0}};
    Random random(5);
    ExpectMatches(table, reference, DrawKeys(around, 300, random));
  }
  Random random(6);
  ExpectMatches(KeyTable::Identity(layout, 0, 0, Pool()), {},
                DrawKeys(kKinds[0], 20, random));
}

TEST(KeyTable, UnsignedKeysAcrossTheSignBit) {
  KeyTable table({{arrow::uint64()}, false}, Pool());
  const auto build = testing::JsonArray(
      arrow::uint64(),
      "[9223372036854775807, 9223372036854775808, 0, 18446744073709551615]");
  ASSERT_TRUE(table.Add(Keys(table.layout(), {build})).ok());
  Complete(&table, 2);
  KeyMatches matches(Pool());
  ASSERT_TRUE(table.Match(Keys(table.layout(), {build}), true, &matches).ok());
  EXPECT_EQ(std::vector<uint32_t>(matches.build_rows.begin(), matches.build_rows.end()),
            (std::vector<uint32_t>{0, 1, 2, 3}));
}

TEST(KeyTable, MatchAppends) {
  KeyTable table({{arrow::int64()}, false}, Pool());
  const auto keys = testing::JsonArray(arrow::int64(), "[4, 5]");
  ASSERT_TRUE(table.Add(Keys(table.layout(), {keys})).ok());
  Complete(&table, 1);
  KeyMatches matches(Pool());
  ASSERT_TRUE(table.Match(Keys(table.layout(), {keys}), false, &matches).ok());
  ASSERT_TRUE(table.Match(Keys(table.layout(), {keys}), false, &matches).ok());
  EXPECT_EQ(matches.probe_rows.size(), 4);
}

}  // namespace
}  // namespace windrow::column
