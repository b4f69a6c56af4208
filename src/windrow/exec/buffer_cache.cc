// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/buffer_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace windrow::exec {
namespace {

constexpr int64_t kAlignment = arrow::kDefaultBufferAlignment;

/// A size class: its number and the bytes of its blocks.
struct Class {
  size_t index;
  int64_t bytes;
};

/// The smallest of the sizes (8 + k) << shift, 0 <= k < 8, that holds `size`.
Class ClassOf(int64_t size) {
  const int shift = static_cast<int>(std::bit_width(static_cast<uint64_t>(size - 1))) - 4;
  const int64_t eighths =
      (size + (int64_t{1} << shift) - 1) >> shift;  // 8 < eighths <= 16
  return {static_cast<size_t>(shift) * 8 + static_cast<size_t>(eighths - 9),
          eighths << shift};
}

/// Of the blocks of a class.
int64_t BlockBytes(size_t index) {
  return static_cast<int64_t>(index % 8 + 9) << (index / 8);
}

}  // namespace

BufferCache::BufferCache(int64_t cached_bytes_max, arrow::MemoryPool* backing)
    : cached_bytes_max_(cached_bytes_max), backing_(backing) {}

BufferCache::~BufferCache() { ReleaseUnused(); }

bool BufferCache::IsCached(int64_t size, int64_t alignment) {
  return size >= kLeastBytes && alignment <= kAlignment;
}

Status BufferCache::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  if (!IsCached(size, alignment)) return backing_->Allocate(size, alignment, out);
  const Class size_class = ClassOf(size);
  {
    SizeClass& kept = classes_[size_class.index];
    const std::scoped_lock lock(kept.mutex);
    if (!kept.blocks.empty()) {
      *out = kept.blocks.back();
      kept.blocks.pop_back();
      cached_bytes_ -= size_class.bytes;
      return Status::OK();
    }
  }
  return backing_->Allocate(size_class.bytes, kAlignment, out);
}

void BufferCache::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  if (!IsCached(size, alignment)) return backing_->Free(buffer, size, alignment);
  const Class size_class = ClassOf(size);
  if (cached_bytes_.fetch_add(size_class.bytes) + size_class.bytes > cached_bytes_max_) {
    cached_bytes_ -= size_class.bytes;
    return backing_->Free(buffer, size_class.bytes, kAlignment);
  }
  SizeClass& kept = classes_[size_class.index];
  const std::scoped_lock lock(kept.mutex);
  kept.blocks.push_back(buffer);
}

Status BufferCache::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                               uint8_t** ptr) {
  const bool was_cached = IsCached(old_size, alignment);
  const bool is_cached = IsCached(new_size, alignment);
  if (!was_cached && !is_cached) {
    return backing_->Reallocate(old_size, new_size, alignment, ptr);
  }
  if (was_cached && is_cached && ClassOf(old_size).index == ClassOf(new_size).index) {
    return Status::OK();
  }
  uint8_t* moved = nullptr;
  ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &moved));
  std::memcpy(moved, *ptr, static_cast<size_t>(std::min(old_size, new_size)));
  Free(*ptr, old_size, alignment);
  *ptr = moved;
  return Status::OK();
}

void BufferCache::SetLimit(int64_t cached_bytes_max) {
  cached_bytes_max_ = cached_bytes_max;
  if (cached_bytes_ > cached_bytes_max) ReleaseUnused();
}

void BufferCache::ReleaseUnused() {
  for (size_t index = 0; index < classes_.size(); ++index) {
    SizeClass& kept = classes_[index];
    const std::scoped_lock lock(kept.mutex);
    const int64_t bytes = BlockBytes(index);
    for (uint8_t* block : kept.blocks) {
      backing_->Free(block, bytes, kAlignment);
      cached_bytes_ -= bytes;
    }
    kept.blocks.clear();
  }
  backing_->ReleaseUnused();
}

}  // namespace windrow::exec
