// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/memory_budget.h"

#include <algorithm>

#include "windrow/base/byte_size.h"
#include "windrow/exec/buffer_cache.h"
#include "windrow/exec/spill_scope.h"
#include "windrow/exec/spillable.h"

namespace windrow::exec {
namespace {

/// A Spill frees nothing when other threads add as much meanwhile. So many of them in a
/// row are taken to mean that there is nothing to gain.
constexpr int kFruitlessSpills = 64;

}  // namespace

MemoryBudget::MemoryBudget(int64_t budget_bytes, arrow::MemoryPool* backing,
                           int64_t spill_allowance)
    : budget_bytes_(budget_bytes),
      spill_allowance_(spill_allowance),
      backing_(backing),
      cache_(nullptr) {}

MemoryBudget::MemoryBudget(int64_t budget_bytes, BufferCache* cache,
                           int64_t spill_allowance)
    : budget_bytes_(budget_bytes),
      spill_allowance_(spill_allowance),
      backing_(cache),
      cache_(cache) {}

void MemoryBudget::Register(Spillable* spillable) {
  const std::scoped_lock lock(mutex_);
  spillables_.push_back(spillable);
  set_aside_bytes_ = spill_allowance_;
}

void MemoryBudget::Unregister(Spillable* spillable) {
  std::unique_lock lock(mutex_);
  std::erase(spillables_, spillable);
  if (spillables_.empty()) set_aside_bytes_ = 0;
  spilled_.wait(lock, [&] { return spilling_ != spillable; });
}

int64_t MemoryBudget::HeldElsewhere() const {
  const int64_t cached = cache_ == nullptr ? 0 : cache_->cached_bytes();
  return cached + std::max<int64_t>(set_aside_bytes_, spill_bytes_);
}

bool MemoryBudget::TryReserve(int64_t bytes) {
  int64_t before = used_bytes_;
  do {
    if (bytes > 0 && bytes > budget_bytes_ - HeldElsewhere() - before) return false;
  } while (!used_bytes_.compare_exchange_weak(before, before + bytes));
  NotePeak();
  return true;
}

void MemoryBudget::NotePeak() {
  const int64_t held = bytes_allocated();
  int64_t peak = peak_bytes_;
  while (held > peak && !peak_bytes_.compare_exchange_weak(peak, held)) {
  }
}

Status MemoryBudget::Reserve(int64_t bytes) {
  if (TryReserve(bytes)) return Status::OK();
  return bytes > budget_bytes_ ? Denied(bytes) : ReserveBySpilling(bytes);
}

Status MemoryBudget::ReserveBySpilling(int64_t bytes) {
  // This thread is what the others wait for.
  if (SpillScope::Current() == this) return Denied(bytes);
  std::unique_lock lock(mutex_);
  for (int fruitless = 0;;) {
    spilled_.wait(lock, [&] { return spilling_ == nullptr; });
    if (TryReserve(bytes)) return Status::OK();
    backing_->ReleaseUnused();
    if (TryReserve(bytes)) return Status::OK();
    spilling_ = Largest();
    if (spilling_ == nullptr || fruitless == kFruitlessSpills) {
      spilling_ = nullptr;
      return Denied(bytes);
    }
    const int64_t before = spilling_->spillable_bytes();
    Status status;
    lock.unlock();
    {
      const SpillScope scope(this);
      status = spilling_->Spill();
    }
    lock.lock();
    fruitless = spilling_->spillable_bytes() < before ? 0 : fruitless + 1;
    spilling_ = nullptr;
    spilled_.notify_all();
    ARROW_RETURN_NOT_OK(status);
  }
}

Spillable* MemoryBudget::Largest() const {
  Spillable* largest = nullptr;
  int64_t most = 0;
  for (Spillable* spillable : spillables_) {
    const int64_t bytes = spillable->spillable_bytes();
    if (bytes <= most) continue;
    most = bytes;
    largest = spillable;
  }
  return largest;
}

Status MemoryBudget::Denied(int64_t bytes) const {
  const int64_t held = used_bytes_ + HeldElsewhere();
  return ResourceError("memory budget: ", FormatByteSize(bytes), " asked with ",
                       FormatByteSize(held), " of ", FormatByteSize(budget_bytes_),
                       " in use", set_aside_bytes_ > 0 ? " that cannot be spilled" : "",
                       "; expected to fit, raise --memory");
}

Status MemoryBudget::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(size));
  const Status status = backing_->Allocate(size, alignment, out);
  if (!status.ok()) {
    used_bytes_ -= size;
    return status;
  }
  total_bytes_ += size;
  ++num_allocations_;
  return Status::OK();
}

Status MemoryBudget::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                                uint8_t** ptr) {
  ARROW_RETURN_NOT_OK(Reserve(new_size - old_size));
  const Status status = backing_->Reallocate(old_size, new_size, alignment, ptr);
  if (!status.ok()) {
    used_bytes_ -= new_size - old_size;
    return status;
  }
  total_bytes_ += std::max<int64_t>(0, new_size - old_size);
  return Status::OK();
}

void MemoryBudget::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  backing_->Free(buffer, size, alignment);
  used_bytes_ -= size;
}

Status MemoryBudget::SpillPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(budget_->backing_->Allocate(size, alignment, out));
  budget_->spill_bytes_ += size;
  budget_->total_bytes_ += size;
  ++budget_->num_allocations_;
  budget_->NotePeak();
  return Status::OK();
}

Status MemoryBudget::SpillPool::Reallocate(int64_t old_size, int64_t new_size,
                                           int64_t alignment, uint8_t** ptr) {
  ARROW_RETURN_NOT_OK(budget_->backing_->Reallocate(old_size, new_size, alignment, ptr));
  budget_->spill_bytes_ += new_size - old_size;
  budget_->total_bytes_ += std::max<int64_t>(0, new_size - old_size);
  budget_->NotePeak();
  return Status::OK();
}

void MemoryBudget::SpillPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  budget_->backing_->Free(buffer, size, alignment);
  budget_->spill_bytes_ -= size;
}

}  // namespace windrow::exec
