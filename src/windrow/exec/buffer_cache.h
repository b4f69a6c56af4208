// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/memory_pool.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::exec {

/// An Arrow pool that keeps freed large blocks for the next allocation of about the same
/// size. A run decodes batch after batch into buffers of the same sizes; a fresh block
/// costs a page fault every 4 KiB, several times what filling it costs. Blocks of
/// kLeastBytes and more are rounded up to one of eight sizes per power of two, so at most
/// an eighth is lost. Thread-safe.
class BufferCache : public arrow::MemoryPool {
 public:
  /// Below this the backing allocator's own free lists are as good.
  static constexpr int64_t kLeastBytes = 64 << 10;

  /// Keeps at most `cached_bytes_max` of free blocks. `backing` outlives this object.
  BufferCache(int64_t cached_bytes_max, arrow::MemoryPool* backing);
  ~BufferCache() override;

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                    uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  /// Gives all kept blocks back to the backing pool.
  void ReleaseUnused() override;
  /// Keeps at most so much from now on.
  void SetLimit(int64_t cached_bytes_max);
  /// Bytes of the free blocks kept now.
  int64_t cached_bytes() const { return cached_bytes_; }
  int64_t bytes_allocated() const override { return backing_->bytes_allocated(); }
  int64_t max_memory() const override { return backing_->max_memory(); }
  int64_t total_bytes_allocated() const override {
    return backing_->total_bytes_allocated();
  }
  int64_t num_allocations() const override { return backing_->num_allocations(); }
  std::string backend_name() const override { return backing_->backend_name(); }

 private:
  struct SizeClass {
    std::mutex mutex;
    std::vector<uint8_t*> blocks;
  };

  static bool IsCached(int64_t size, int64_t alignment);

  std::atomic<int64_t> cached_bytes_max_;
  arrow::MemoryPool* backing_;
  std::atomic<int64_t> cached_bytes_ = 0;
  std::array<SizeClass, 64 * 8> classes_;
};

}  // namespace windrow::exec
