// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::exec {

class BufferCache;
class Spillable;

/// The memory a run may hold, as an Arrow pool: counts every allocation. One that would
/// exceed the budget first empties the cache of free blocks, then has what is registered
/// spilled, the largest first; when nothing is left to spill it is refused with
/// Blame::kResource. Mapped files do not count; the kernel can drop them. Thread-safe.
class MemoryBudget : public arrow::MemoryPool {
 public:
  /// `backing` does the allocating and outlives this object. While something is
  /// registered, `spill_allowance` of the budget is set aside for spill_pool.
  MemoryBudget(int64_t budget_bytes, arrow::MemoryPool* backing,
               int64_t spill_allowance = 0);
  /// The same where `cache` does the allocating: the free blocks it keeps count as held.
  MemoryBudget(int64_t budget_bytes, BufferCache* cache, int64_t spill_allowance);

  int64_t budget_bytes() const { return budget_bytes_; }

  /// From here to Unregister, `spillable` may be asked to spill, on any thread.
  void Register(Spillable* spillable);
  /// Returns when no Spill of it is running. Must not be called with a lock held that its
  /// Spill takes.
  void Unregister(Spillable* spillable);

  /// The same memory for what a Spill needs: never denied, causes no spilling, counts.
  arrow::MemoryPool* spill_pool() { return &spill_pool_; }

  /// Counts memory that something else allocates; see MemoryHold. Take may have others
  /// spill, TryTake does not.
  Status Take(int64_t bytes) { return Reserve(bytes); }
  bool TryTake(int64_t bytes) { return TryReserve(bytes); }
  void GiveBack(int64_t bytes) { used_bytes_ -= bytes; }

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                    uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  void ReleaseUnused() override { backing_->ReleaseUnused(); }
  int64_t bytes_allocated() const override { return used_bytes_ + spill_bytes_; }
  int64_t max_memory() const override { return peak_bytes_; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return num_allocations_; }
  std::string backend_name() const override { return backing_->backend_name(); }

 private:
  class SpillPool : public arrow::MemoryPool {
   public:
    explicit SpillPool(MemoryBudget* budget) : budget_(budget) {}
    using arrow::MemoryPool::Allocate;
    using arrow::MemoryPool::Free;
    using arrow::MemoryPool::Reallocate;
    Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
    Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                      uint8_t** ptr) override;
    void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
    int64_t bytes_allocated() const override { return budget_->spill_bytes_; }
    int64_t total_bytes_allocated() const override { return budget_->total_bytes_; }
    int64_t num_allocations() const override { return budget_->num_allocations_; }
    std::string backend_name() const override { return budget_->backend_name(); }

   private:
    MemoryBudget* budget_;
  };

  Status Reserve(int64_t bytes);
  bool TryReserve(int64_t bytes);
  Status ReserveBySpilling(int64_t bytes);
  Spillable* Largest() const;
  Status Denied(int64_t bytes) const;
  int64_t HeldElsewhere() const;
  void NotePeak();

  const int64_t budget_bytes_;
  const int64_t spill_allowance_;
  arrow::MemoryPool* const backing_;
  BufferCache* const cache_;  ///< `backing_`, or null
  SpillPool spill_pool_{this};
  std::atomic<int64_t> used_bytes_ = 0;   ///< without those of spill_pool
  std::atomic<int64_t> spill_bytes_ = 0;  ///< of spill_pool
  std::atomic<int64_t> set_aside_bytes_ = 0;
  std::atomic<int64_t> peak_bytes_ = 0;
  std::atomic<int64_t> total_bytes_ = 0;
  std::atomic<int64_t> num_allocations_ = 0;
  mutable std::mutex mutex_;  ///< guards what follows; not held while something spills
  std::condition_variable spilled_;
  std::vector<Spillable*> spillables_;
  Spillable* spilling_ = nullptr;
};

}  // namespace windrow::exec
