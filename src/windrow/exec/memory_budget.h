// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "windrow/base/status.h"

namespace windrow::exec {

/// The memory a run may hold, as an Arrow pool: counts every allocation and refuses the
/// one that would exceed the budget with Blame::kResource. Mapped files do not count; the
/// kernel can drop them. Thread-safe.
class MemoryBudget : public arrow::MemoryPool {
 public:
  /// `backing` does the allocating and outlives this object. It may hold up to
  /// `kept_bytes` of freed memory, which count as in use from the start.
  MemoryBudget(int64_t budget_bytes, arrow::MemoryPool* backing, int64_t kept_bytes = 0);

  int64_t budget_bytes() const { return budget_bytes_; }

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                    uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  void ReleaseUnused() override { backing_->ReleaseUnused(); }
  int64_t bytes_allocated() const override { return used_bytes_; }
  int64_t max_memory() const override { return peak_bytes_; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return num_allocations_; }
  std::string backend_name() const override { return backing_->backend_name(); }

 private:
  Status Reserve(int64_t bytes);
  void Release(int64_t bytes) { used_bytes_ -= bytes; }

  int64_t budget_bytes_;
  int64_t kept_bytes_;
  arrow::MemoryPool* backing_;
  std::atomic<int64_t> used_bytes_ = 0;
  std::atomic<int64_t> peak_bytes_ = 0;
  std::atomic<int64_t> total_bytes_ = 0;
  std::atomic<int64_t> num_allocations_ = 0;
};

/// Half of what this process may use: of its cgroup's limit if it has one, else of the
/// machine's memory. The default of --memory.
int64_t DefaultBudgetBytes();

/// Anonymous and shared memory of this process now, from /proc/self/status.
int64_t AnonymousBytesNow();

/// Highest resident size of this process so far, mapped files included.
int64_t PeakResidentBytes();

}  // namespace windrow::exec
