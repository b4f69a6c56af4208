// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/riegeli_layout.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

#include "windrow/format/array_record_test_file.h"

namespace windrow::format {
namespace {

TEST(RiegeliHash, KnownValues) {
  const std::vector<std::pair<size_t, uint64_t>> known = {
      {0, 0x72c3b1e9c0139fe1},  {1, 0x2cd57bc47907559d},  {3, 0x3bbb8da470c80319},
      {4, 0x4d9e82979ab17ce7},  {15, 0x3402cb26fb217163}, {16, 0x3e13be3a4140f4a7},
      {17, 0xa7084c614077eaca}, {31, 0x4d262a709c34ae7d}, {32, 0xb73f6df550f9dce4},
      {33, 0xec2f920014eaa741}, {63, 0xbea28b7a087e1493}, {64, 0xe34b1e100f1322af}};
  std::vector<uint8_t> bytes(64);
  std::iota(bytes.begin(), bytes.end(), 0);
  for (const auto& [size, hash] : known) {
    EXPECT_EQ(RiegeliHash(std::span(bytes).first(size)), hash) << size << " bytes";
  }
}

TEST(RiegeliLayout, SignatureIsTheKnownOne) {
  const std::string file = TestFile().Finish();
  const std::vector<uint8_t> known = {
      0x83, 0xaf, 0x70, 0xd1, 0x0d, 0x88, 0x4a, 0x3f, 0,    0,   0, 0,    0,
      0,    0,    0,    0x40, 0,    0,    0,    0,    0,    0,   0, 0x91, 0xba,
      0xc2, 0x3c, 0x92, 0x87, 0xe1, 0xa9, 0,    0,    0,    0,   0, 0,    0,
      0,    0xe1, 0x9f, 0x13, 0xc0, 0xe9, 0xb1, 0xc3, 0x72, 0x73};
  EXPECT_EQ(std::vector<uint8_t>(file.begin(), file.begin() + known.size()), known);
  EXPECT_EQ(file.size(), 131072);
}

/// Counts bytes one by one, passing over block headers.
int64_t SlowEnd(int64_t begin, int64_t data_size, int64_t num_records) {
  int64_t position = begin;
  for (int64_t i = 0; i < kChunkHeaderSize + data_size; ++i) {
    if (position % kBlockSize == 0) position += kBlockHeaderSize;
    ++position;
  }
  int64_t by_records = begin + num_records;
  const int64_t offset = by_records % kBlockSize;
  if (offset > 0 && offset <= kBlockHeaderSize) {
    by_records += kBlockHeaderSize + 1 - offset;
  }
  return std::max(position, by_records);
}

TEST(RiegeliLayout, ChunkEndNearBoundaries) {
  for (const int64_t rest : {1, 2, 23, 24, 25, 39, 40, 41, 63, 64, 65, 65511, 65536}) {
    const int64_t begin = 3 * kBlockSize - rest;
    for (const int64_t size :
         {0, 1, 24, 25, 39, 40, 41, 64, 65472, 65473, 65512, 140000}) {
      for (const int64_t records : {0, 1, 23, 24, 25, 26, 39, 64, 65, 65536, 70000}) {
        EXPECT_EQ(ChunkEnd(begin, size, records), SlowEnd(begin, size, records))
            << "at " << begin << ", " << size << " bytes, " << records << " records";
      }
    }
  }
}

TEST(RiegeliLayout, PaddingEndsAtABoundary) {
  for (int64_t rest = 1; rest < kBlockSize - kBlockHeaderSize; ++rest) {
    const int64_t begin = 5 * kBlockSize - rest;
    const int64_t end = ChunkEnd(begin, PaddingDataSize(begin), 0);
    ASSERT_EQ(end, (rest < kChunkHeaderSize ? 6 : 5) * kBlockSize) << rest << " bytes";
  }
}

TEST(RiegeliLayout, ChunksOfAnySizeAreFoundAgain) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    TestFile file;
    std::vector<std::pair<int64_t, std::string>> chunks;
    for (int i = 0; i < 12; ++i) {
      // Leaves the next chunk so many bytes to the boundary.
      const int64_t rest[] = {0, 1, 24, 25, 39, 40, 41, 64};
      const int64_t size = random() % 4 == 0
                               ? static_cast<int64_t>(random() % 150000)
                               : BlockRest(file.position()) - 40 - rest[random() % 8];
      const std::string data(std::max<int64_t>(0, size), 'a' + i);
      const uint64_t num_records = random() % 8 == 0 ? data.size() + 100 : 1;
      chunks.emplace_back(file.Chunk(ChunkType::kSimple, data, num_records, 0), data);
      if (random() % 4 == 0) file.Pad();
    }
    const std::string bytes = file.Finish();
    for (const auto& [begin, data] : chunks) {
      const auto chunk = ReadRiegeliChunk(ReaderOf(bytes), begin, bytes.size(),
                                          arrow::default_memory_pool());
      ASSERT_TRUE(chunk.ok()) << chunk.status().message();
      EXPECT_EQ(chunk->data->ToString(), data);
    }
    int64_t position = 0;
    while (position < static_cast<int64_t>(bytes.size())) {
      const auto chunk = ReadRiegeliChunk(ReaderOf(bytes), position, bytes.size(),
                                          arrow::default_memory_pool());
      ASSERT_TRUE(chunk.ok()) << chunk.status().message();
      position = chunk->end;
    }
    EXPECT_EQ(position, bytes.size());
  }
}

}  // namespace
}  // namespace windrow::format
