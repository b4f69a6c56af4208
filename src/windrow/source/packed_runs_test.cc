// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/packed_runs.h"

#include <gtest/gtest.h>

#include <random>

namespace windrow::source {
namespace {

/// Writes runs as Parquet does, of random kinds and lengths.
class Writer {
 public:
  Writer(int width, uint64_t seed) : width_(width), random_(seed) {}

  void AddRuns(int count) {
    for (int i = 0; i < count; ++i) {
      if (random_() % 2 == 0) {
        AddRepeated(random_() % 40);
      } else {
        AddPacked(random_() % 30);
      }
    }
  }

  std::vector<uint8_t> bytes;
  std::vector<uint32_t> values;

 private:
  uint32_t Draw() {
    return width_ == 0
               ? 0
               : static_cast<uint32_t>(random_() >> 13 << (32 - width_)) >> (32 - width_);
  }

  void AddHeader(uint32_t header) {
    for (; header >= 0x80; header >>= 7) bytes.push_back((header & 0x7f) | 0x80);
    bytes.push_back(static_cast<uint8_t>(header));
  }

  void AddRepeated(uint32_t count) {
    AddHeader(count << 1);
    const uint32_t value = Draw();
    for (int bit = 0; bit < width_; bit += 8) {
      bytes.push_back(static_cast<uint8_t>(value >> bit));
    }
    values.insert(values.end(), count, value);
  }

  void AddPacked(uint32_t groups) {
    AddHeader(groups << 1 | 1);
    const size_t first_bit = bytes.size() * 8;
    bytes.resize(bytes.size() + groups * width_);
    for (uint32_t i = 0; i < groups * 8; ++i) {
      values.push_back(Draw());
      for (int bit = 0; bit < width_; ++bit) {
        const size_t at = first_bit + i * width_ + bit;
        bytes[at / 8] |= static_cast<uint8_t>((values.back() >> bit & 1) << (at % 8));
      }
    }
  }

  int width_;
  std::mt19937_64 random_;
};

std::vector<uint32_t> DrawPositions(size_t end, uint64_t one_in,
                                    std::mt19937_64& random) {
  std::vector<uint32_t> positions;
  for (uint32_t i = 0; i < end; ++i) {
    while (random() % one_in == 0) positions.push_back(i);
  }
  return positions;
}

TEST(PackedRuns, PickFindsEveryWidth) {
  for (int width = 0; width <= 32; ++width) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      SCOPED_TRACE(testing::Message() << "width " << width << ", seed " << seed);
      Writer writer(width, seed);
      writer.AddRuns(12);
      std::mt19937_64 random(seed);
      const auto positions = DrawPositions(writer.values.size(), 2 + seed, random);
      std::vector<uint32_t> expected;
      for (const uint32_t position : positions) {
        expected.push_back(writer.values[position]);
      }
      std::vector<uint32_t> found;
      ASSERT_TRUE(PackedRuns(writer.bytes, width).Pick(positions, &found));
      ASSERT_EQ(found, expected);
      const std::vector<uint32_t> past = {static_cast<uint32_t>(writer.values.size())};
      EXPECT_EQ(PackedRuns(writer.bytes, width).Pick(past, &found), width == 0);
    }
  }
}

TEST(PackedRuns, RankCountsTheOnesBefore) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Writer writer(1, seed);
    writer.AddRuns(15);
    std::mt19937_64 random(seed);
    auto rows = DrawPositions(writer.values.size(), 2 + seed % 100, random);
    std::vector<uint32_t> expected_ranks;
    std::vector<uint32_t> expected_targets;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (writer.values[rows[i]] == 0) continue;
      const auto end = writer.values.begin() + rows[i];
      expected_ranks.push_back(std::count(writer.values.begin(), end, 1));
      expected_targets.push_back(7 + static_cast<uint32_t>(i));
    }
    for (uint32_t& row : rows) row += 1000;
    std::vector<uint32_t> ranks;
    std::vector<uint32_t> targets;
    ASSERT_TRUE(PackedRuns(writer.bytes, 1).RankOnes(rows, 1000, 7, &ranks, &targets));
    ASSERT_EQ(ranks, expected_ranks);
    ASSERT_EQ(targets, expected_targets);
  }
}

TEST(PackedRuns, DamagedRunsEndEarly) {
  std::vector<uint32_t> found;
  const std::vector<uint32_t> first = {0};
  const std::vector<uint32_t> tenth = {9};
  using Bytes = std::vector<uint8_t>;
  EXPECT_FALSE(PackedRuns({}, 3).Pick(first, &found));
  EXPECT_FALSE(PackedRuns(Bytes{0x80}, 3).Pick(first, &found)) << "cut in a header";
  EXPECT_FALSE(PackedRuns(Bytes(9, 0x80), 3).Pick(first, &found)) << "endless header";
  EXPECT_FALSE(PackedRuns(Bytes{4}, 3).Pick(first, &found)) << "no repeated value";
  EXPECT_FALSE(PackedRuns(Bytes{4, 8}, 3).Pick(first, &found)) << "value too wide";
  const Bytes cut = {5, 0xff, 0xff, 0xff};
  EXPECT_FALSE(PackedRuns(cut, 3).Pick(tenth, &found)) << "8 of 16 values";
  EXPECT_TRUE(PackedRuns(cut, 3).Pick(first, &found));
  EXPECT_FALSE(PackedRuns(Bytes{5, 0xff}, 1).RankOnes(tenth, 0, 0, &found, &found));
}

}  // namespace
}  // namespace windrow::source
