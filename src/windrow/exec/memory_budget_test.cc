// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/memory_budget.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace windrow::exec {
namespace {

TEST(MemoryBudget, CountsAndRefuses) {
  MemoryBudget budget(1000, arrow::default_memory_pool());
  uint8_t* first = nullptr;
  uint8_t* second = nullptr;
  ASSERT_TRUE(budget.Allocate(600, 64, &first).ok());
  const Status refused = budget.Allocate(401, 64, &second);
  EXPECT_EQ(BlameOf(refused), Blame::kResource);
  EXPECT_EQ(budget.bytes_allocated(), 600);
  ASSERT_TRUE(budget.Allocate(400, 64, &second).ok());
  EXPECT_EQ(budget.max_memory(), 1000);
  budget.Free(second, 400, 64);
  EXPECT_EQ(BlameOf(budget.Reallocate(600, 1001, 64, &first)), Blame::kResource);
  EXPECT_EQ(budget.bytes_allocated(), 600);
  ASSERT_TRUE(budget.Reallocate(600, 1000, 64, &first).ok());
  ASSERT_TRUE(budget.Reallocate(1000, 10, 64, &first).ok());
  EXPECT_EQ(budget.bytes_allocated(), 10);
  budget.Free(first, 10, 64);
  EXPECT_EQ(budget.bytes_allocated(), 0);
  EXPECT_EQ(budget.total_bytes_allocated(), 1400);
}

TEST(MemoryBudget, ARefusedGiantDisturbsNobody) {
  MemoryBudget budget(1 << 20, arrow::default_memory_pool());
  std::atomic<bool> done = false;
  std::thread greedy([&] {
    uint8_t* never = nullptr;
    while (!done) EXPECT_FALSE(budget.Allocate(int64_t{1} << 40, 64, &never).ok());
  });
  for (int i = 0; i < 20'000; ++i) {
    uint8_t* bytes = nullptr;
    const Status status = budget.Allocate(64, 64, &bytes);
    if (!status.ok()) {
      ADD_FAILURE() << status;
      break;
    }
    budget.Free(bytes, 64, 64);
  }
  done = true;
  greedy.join();
  EXPECT_LE(budget.max_memory(), 1 << 20);
}

TEST(MemoryBudget, ManyThreadsStayWithin) {
  constexpr int64_t kBudget = 10'000;
  MemoryBudget budget(kBudget, arrow::default_memory_pool());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 1; i < 2'000; ++i) {
        const auto buffer = arrow::AllocateBuffer(i % 4000, &budget);
        EXPECT_LE(budget.bytes_allocated(), kBudget);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.bytes_allocated(), 0);
  EXPECT_LE(budget.max_memory(), kBudget);
}

}  // namespace
}  // namespace windrow::exec
