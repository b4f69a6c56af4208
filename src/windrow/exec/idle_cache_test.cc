// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/idle_cache.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace windrow::exec {
namespace {

constexpr int64_t kBlock = 1 << 20;

/// Uses and frees `blocks` blocks.
void Use(BufferCache* cache, int blocks) {
  std::vector<uint8_t*> used(static_cast<size_t>(blocks));
  for (uint8_t*& block : used) {
    ASSERT_TRUE(cache->Allocate(kBlock, 64, &block).ok());
    std::memset(block, 7, kBlock);
  }
  for (uint8_t* block : used) cache->Free(block, kBlock, 64);
}

TEST(IdleCache, TheNextRunGetsTheBlocksOfTheLast) {
  int64_t kept = 0;
  {
    const RunCache cache = TakeRunCache(8 * kBlock);
    cache->ReleaseUnused();
    Use(cache.get(), 4);
    kept = cache->cached_bytes();
    EXPECT_GE(kept, 4 * kBlock);
  }
  const RunCache cache = TakeRunCache(8 * kBlock);
  EXPECT_EQ(cache->cached_bytes(), kept);
  Use(cache.get(), 4);
  EXPECT_EQ(cache->cached_bytes(), kept);
}

TEST(IdleCache, ASmallerLimitIsKept) {
  Use(TakeRunCache(8 * kBlock).get(), 4);
  const RunCache cache = TakeRunCache(2 * kBlock);
  EXPECT_LE(cache->cached_bytes(), 2 * kBlock);
}

TEST(IdleCache, RunsAtTheSameTimeHaveTheirOwn) {
  const RunCache one = TakeRunCache(8 * kBlock);
  const RunCache other = TakeRunCache(8 * kBlock);
  EXPECT_NE(one.get(), other.get());
  Use(one.get(), 2);
  EXPECT_EQ(other->cached_bytes(), 0);
}

}  // namespace
}  // namespace windrow::exec
