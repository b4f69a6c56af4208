// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::source {

/// Numbers texts from 0 in the order in which each first comes. Single-threaded.
class TextNumbers {
 public:
  explicit TextNumbers(arrow::MemoryPool* pool)
      : pool_(pool), ends_(pool), bytes_(pool), slots_(pool) {}

  Result<int32_t> NumberOf(std::string_view text);
  std::string_view text(int32_t number) const {
    const int64_t begin = number == 0 ? 0 : ends_[number - 1];
    return {bytes_.data() + begin, static_cast<size_t>(ends_[number] - begin)};
  }
  int64_t size() const { return ends_.size(); }
  /// Of all texts.
  int64_t num_bytes() const { return bytes_.size(); }

  /// The texts by number, as an array of a string or binary type that can hold as many
  /// bytes. Forgets them.
  Result<std::shared_ptr<arrow::Array>> Take(
      const std::shared_ptr<arrow::DataType>& type);

 private:
  struct Slot {
    uint32_t hash;    ///< upper half
    uint32_t number;  ///< plus one; 0 is an empty slot
  };
  Status Grow();

  arrow::MemoryPool* pool_;
  column::PoolVector<int64_t> ends_;
  column::PoolVector<char> bytes_;
  column::PoolVector<Slot> slots_;  ///< a power of two of them, at most half full
};

}  // namespace windrow::source
