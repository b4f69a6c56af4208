// SPDX-License-Identifier: Apache-2.0
#include <arrow/buffer.h>
#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "windrow/exec/buffer_cache.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/spillable.h"
#include "windrow/exec/task_slots.h"

namespace windrow::exec {
namespace {

using ::testing::HasSubstr;

using BufferPtr = std::shared_ptr<arrow::Buffer>;

/// Arrow rounds buffers up to this.
constexpr int64_t kUnit = 64;

Result<BufferPtr> Take(int64_t units, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(BufferPtr buffer, arrow::AllocateBuffer(units * kUnit, pool));
  return buffer;
}

/// Holds buffers until it is asked to spill them; a little is written through the pool
/// that never denies.
class Holder : public Spillable {
 public:
  explicit Holder(MemoryBudget* budget) : budget_(budget) { budget_->Register(this); }
  ~Holder() override { budget_->Unregister(this); }

  int64_t spillable_bytes() const override { return held_; }
  Status Spill() override {
    EXPECT_FALSE(is_spilling_.exchange(true));
    std::vector<BufferPtr> taken;
    {
      const std::scoped_lock lock(mutex_);
      taken.swap(buffers_);
      held_ = 0;
    }
    ++spills_;
    if (during_ != nullptr) ARROW_RETURN_NOT_OK(during_());
    EXPECT_TRUE(Take(256, budget_->spill_pool()).ok());
    is_spilling_ = false;
    return Status::OK();
  }

  void Keep(BufferPtr buffer) {
    const std::scoped_lock lock(mutex_);
    held_ += buffer->size();
    buffers_.push_back(std::move(buffer));
  }

  int spills() const { return spills_; }
  void set_during(std::function<Status()> during) { during_ = std::move(during); }

 private:
  MemoryBudget* budget_;
  std::function<Status()> during_;
  std::mutex mutex_;
  std::vector<BufferPtr> buffers_;
  std::atomic<int64_t> held_ = 0;
  std::atomic<int> spills_ = 0;
  std::atomic<bool> is_spilling_ = false;
};

TEST(MemorySpilling, TheLargestGoesFirst) {
  MemoryBudget budget(10'000 * kUnit, arrow::default_memory_pool());
  Holder large(&budget);
  Holder medium(&budget);
  large.Keep(*Take(5'000, &budget));
  medium.Keep(*Take(3'000, &budget));
  const BufferPtr first = *Take(4'000, &budget);
  EXPECT_EQ(large.spills(), 1);
  EXPECT_EQ(medium.spills(), 0);
  const BufferPtr second = *Take(6'000, &budget);
  EXPECT_EQ(large.spills(), 1);
  EXPECT_EQ(medium.spills(), 1);
  const Status denied = Take(1, &budget).status();
  EXPECT_EQ(BlameOf(denied), Blame::kResource);
  EXPECT_THAT(denied.message(), HasSubstr("raise --memory"));
}

TEST(MemorySpilling, WhatCannotFitSpillsNothing) {
  MemoryBudget budget(10'000 * kUnit, arrow::default_memory_pool());
  Holder holder(&budget);
  holder.Keep(*Take(5'000, &budget));
  EXPECT_FALSE(Take(10'001, &budget).ok());
  EXPECT_EQ(holder.spills(), 0);
}

TEST(MemorySpilling, AnAllowanceIsSetAsideWhileSomethingIsRegistered) {
  MemoryBudget budget(10'000 * kUnit, arrow::default_memory_pool(),
                      /*spill_allowance=*/1'000 * kUnit);
  EXPECT_TRUE(Take(10'000, &budget).ok());
  {
    const Holder holder(&budget);
    EXPECT_FALSE(Take(9'001, &budget).ok());
    EXPECT_TRUE(Take(9'000, &budget).ok());
    // Within the allowance it takes nothing from the others, beyond it does.
    const BufferPtr spilled = *Take(900, budget.spill_pool());
    EXPECT_TRUE(Take(9'000, &budget).ok());
    const BufferPtr more = *Take(1'100, budget.spill_pool());
    EXPECT_EQ(budget.bytes_allocated(), 2'000 * kUnit);
    EXPECT_FALSE(Take(8'001, &budget).ok());
    EXPECT_TRUE(Take(8'000, &budget).ok());
    EXPECT_TRUE(Take(20'000, budget.spill_pool()).ok());
  }
  EXPECT_EQ(budget.max_memory(), 22'000 * kUnit);
  EXPECT_TRUE(Take(10'000, &budget).ok());
}

TEST(MemorySpilling, FreeBlocksCountAndAreGivenBackFirst) {
  constexpr int64_t kBlock = kUnit << 14;
  BufferCache cache(16 * kBlock, arrow::default_memory_pool());
  MemoryBudget budget(8 * kBlock, &cache, 0);
  Holder holder(&budget);
  holder.Keep(*Take(kBlock / kUnit, &budget));
  {
    std::vector<BufferPtr> buffers;
    for (int i = 0; i < 7; ++i) buffers.push_back(*Take(kBlock / kUnit, &budget));
  }
  EXPECT_EQ(cache.cached_bytes(), 7 * kBlock);
  const BufferPtr other_size = *Take(7 * kBlock / kUnit, &budget);
  EXPECT_EQ(cache.cached_bytes(), 0);
  EXPECT_EQ(holder.spills(), 0);
}

TEST(MemorySpilling, AFailingSpillFailsTheAllocation) {
  MemoryBudget budget(1'000 * kUnit, arrow::default_memory_pool());
  Holder holder(&budget);
  holder.set_during([] { return ResourceError("/tmp: no space"); });
  holder.Keep(*Take(900, &budget));
  const Status status = Take(500, &budget).status();
  EXPECT_EQ(BlameOf(status), Blame::kResource);
  EXPECT_EQ(status.message(), "/tmp: no space");
}

TEST(MemorySpilling, ASpillThatAllocatesFromTheBudgetIsDenied) {
  MemoryBudget budget(1'000 * kUnit, arrow::default_memory_pool());
  TaskSlots slots(3);
  Holder holder(&budget);
  const BufferPtr base = *Take(600, &budget);
  holder.set_during([&] { return Take(500, &budget).status(); });
  holder.Keep(*Take(300, &budget));
  EXPECT_EQ(BlameOf(Take(200, &budget).status()), Blame::kResource);
}

TEST(MemorySpilling, SoIsOneOfItsWorkers) {
  MemoryBudget budget(1'000 * kUnit, arrow::default_memory_pool());
  TaskSlots slots(3);
  Holder holder(&budget);
  const BufferPtr base = *Take(600, &budget);
  holder.set_during([&] {
    return slots.ParallelFor(64, [&](int64_t) { return Take(500, &budget).status(); });
  });
  holder.Keep(*Take(300, &budget));
  EXPECT_EQ(BlameOf(Take(200, &budget).status()), Blame::kResource);
}

TEST(MemorySpilling, OneThatNeverFreesDoesNotHang) {
  class Stuck : public Spillable {
    int64_t spillable_bytes() const override { return 500 * kUnit; }
    Status Spill() override { return Status::OK(); }
  };
  MemoryBudget budget(1'000 * kUnit, arrow::default_memory_pool());
  Stuck stuck;
  budget.Register(&stuck);
  const BufferPtr held = *Take(600, &budget);
  EXPECT_FALSE(Take(600, &budget).ok());
  budget.Unregister(&stuck);
}

TEST(MemorySpilling, ManyThreadsShareALittle) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("replay with seed " + std::to_string(seed));
  constexpr int64_t kBudget = 200'000 * kUnit;
  constexpr int64_t kAllowance = 20'000 * kUnit;
  MemoryBudget budget(kBudget, arrow::default_memory_pool(), kAllowance);
  TaskSlots slots(3);
  std::vector<std::unique_ptr<Holder>> shared;
  for (int i = 0; i < 2; ++i) {
    shared.push_back(std::make_unique<Holder>(&budget));
    shared.back()->set_during([&] {
      return slots.ParallelFor(
          4, [&](int64_t) { return Take(1'000, budget.spill_pool()).status(); });
    });
  }
  std::atomic<int64_t> denied = 0;
  const auto work = [&](int64_t worker) {
    std::mt19937 random(static_cast<unsigned>(seed + worker));
    auto own = std::make_unique<Holder>(&budget);
    for (int i = 0; i < 3'000; ++i) {
      auto buffer = Take(1 + static_cast<int64_t>(random() % 9'000), &budget);
      if (!buffer.ok()) {
        EXPECT_EQ(BlameOf(buffer.status()), Blame::kResource) << buffer.status();
        ++denied;
        continue;
      }
      const auto choice = random() % 8;
      if (choice < 6) {
        (choice < 4 ? *shared[choice % 2] : *own).Keep(*std::move(buffer));
      } else if (choice == 6 && i % 16 == 0) {
        own = std::make_unique<Holder>(&budget);
      }
    }
    return Status::OK();
  };
  std::thread outside([&] { EXPECT_TRUE(work(99).ok()); });
  EXPECT_TRUE(slots.ParallelFor(6, work).ok());
  outside.join();
  EXPECT_EQ(denied, 0);  // everything that was held could be spilled
  EXPECT_GT(shared[0]->spills() + shared[1]->spills(), 0);
  EXPECT_LE(budget.max_memory(), kBudget);
  shared.clear();
  EXPECT_EQ(budget.bytes_allocated(), 0);
}

}  // namespace
}  // namespace windrow::exec
