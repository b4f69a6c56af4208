// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/group_table.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <vector>

namespace windrow::column {
namespace {

using Key = std::vector<uint64_t>;

TEST(GroupTable, NumbersKeysInOrderOfArrival) {
  for (const int words : {1, 2, 3}) {
    std::mt19937_64 random(static_cast<uint64_t>(words));
    GroupTable table(words, arrow::default_memory_pool());
    std::map<Key, uint32_t> expected;
    for (int batch = 0; batch < 20; ++batch) {
      constexpr int64_t kRows = 500;
      std::vector<uint64_t> keys;
      for (int64_t i = 0; i < kRows * words; ++i) keys.push_back(random() % 20);
      std::vector<uint64_t> hashes(kRows);
      GroupTable::Hash(keys.data(), words, kRows, hashes.data());
      std::vector<uint32_t> rows;
      for (uint32_t row = 0; row < kRows; row += 1 + random() % 3) rows.push_back(row);
      std::vector<uint32_t> groups(rows.size());
      const auto count = static_cast<int64_t>(rows.size());
      ASSERT_TRUE(
          table.FindOrAdd(keys.data(), hashes.data(), rows.data(), count, groups.data())
              .ok());
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto* first = keys.data() + static_cast<int64_t>(rows[i]) * words;
        const Key key(first, first + words);
        const auto number = static_cast<uint32_t>(expected.size());
        EXPECT_EQ(groups[i], expected.emplace(key, number).first->second);
        EXPECT_THAT(Key(table.key(groups[i]), table.key(groups[i]) + words), key);
      }
    }
    EXPECT_EQ(table.size(), static_cast<int64_t>(expected.size()));
  }
}

TEST(GroupTable, HasOneKeyOfNoWords) {
  GroupTable table(0, arrow::default_memory_pool());
  std::vector<uint64_t> hashes(3);
  GroupTable::Hash(nullptr, 0, 3, hashes.data());
  std::vector<uint32_t> groups(3, 9);
  ASSERT_TRUE(table.FindOrAdd(nullptr, hashes.data(), nullptr, 3, groups.data()).ok());
  EXPECT_THAT(groups, ::testing::Each(0));
  EXPECT_EQ(table.size(), 1);
}

}  // namespace
}  // namespace windrow::column
