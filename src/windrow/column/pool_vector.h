// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

#include "windrow/base/check.h"
#include "windrow/base/status.h"

namespace windrow::column {

/// A growable array of plain values whose memory comes from a (budgeted) Arrow pool, so
/// that row lists and key tables count against the run's memory. New elements are not
/// zeroed. Failure to grow is a Status. Single-threaded.
template <typename T>
class PoolVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit PoolVector(arrow::MemoryPool* pool) : pool_(pool) {}

  int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](int64_t index) { return data_[index]; }
  const T& operator[](int64_t index) const { return data_[index]; }
  std::span<const T> view() const { return {data_, static_cast<size_t>(size_)}; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

  Status Reserve(int64_t capacity) {
    if (capacity <= capacity_) return Status::OK();
    const int64_t grown = std::max(capacity, capacity_ + capacity_ / 2);
    const auto bytes = grown * static_cast<int64_t>(sizeof(T));
    if (buffer_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(bytes, pool_));
    } else {
      ARROW_RETURN_NOT_OK(buffer_->Resize(bytes, /*shrink_to_fit=*/false));
    }
    data_ = reinterpret_cast<T*>(buffer_->mutable_data());
    capacity_ = grown;
    return Status::OK();
  }

  Status Resize(int64_t size) {
    ARROW_RETURN_NOT_OK(Reserve(size));
    size_ = size;
    return Status::OK();
  }

  Status Assign(int64_t size, T value) {
    ARROW_RETURN_NOT_OK(Resize(size));
    std::fill(begin(), end(), value);
    return Status::OK();
  }

  Status Append(T value) {
    if (size_ == capacity_)
      ARROW_RETURN_NOT_OK(Reserve(std::max<int64_t>(64, size_ + 1)));
    data_[size_++] = value;
    return Status::OK();
  }

  Status Append(std::span<const T> values) {
    const auto count = static_cast<int64_t>(values.size());
    ARROW_RETURN_NOT_OK(Reserve(size_ + count));
    if (count > 0) std::memcpy(data_ + size_, values.data(), values.size_bytes());
    size_ += count;
    return Status::OK();
  }

  /// Shortens the array; keeps its memory.
  void Truncate(int64_t size) {
    WINDROW_CHECK(size <= size_);
    size_ = size;
  }

  void Clear() { size_ = 0; }

 private:
  arrow::MemoryPool* pool_;
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace windrow::column
