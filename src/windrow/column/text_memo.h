// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// Remembers results of a function by the bytes it was given. Forgets everything when it
/// would grow past a bound, so that input without repetition costs a bounded amount of
/// memory.
/// Single-threaded.
class TextMemo {
 public:
  /// `bytes_max` bounds what it holds.
  TextMemo(int64_t bytes_max, arrow::MemoryPool* pool)
      : bytes_max_(bytes_max), entries_(pool), bytes_(pool), slots_(pool) {}

  /// Number of the result for `key`, -1 when there is none. Valid until the next Forget
  /// or Add that forgets, which changes `age`.
  int64_t Find(std::string_view key, uint64_t hash) const;
  static uint64_t HashOf(std::string_view key);

  /// Remembers `result` for `key`, which Find did not find; null is a result too. The
  /// number of the result. When memory is denied nothing is remembered any more.
  Result<int64_t> Add(std::string_view key, uint64_t hash,
                      std::optional<std::string_view> result);

  std::optional<std::string_view> result(int64_t number) const;

  void Forget();
  /// How often everything was forgotten.
  int64_t age() const { return age_; }

 private:
  struct Entry {
    uint64_t hash;
    int64_t offset;  ///< of the key's bytes; the result's follow
    uint32_t key_bytes;
    int32_t result_bytes;  ///< -1: null
  };

  Status Grow();
  Status Append(std::string_view key, uint64_t hash,
                std::optional<std::string_view> result);

  const int64_t bytes_max_;
  PoolVector<Entry> entries_;
  PoolVector<char> bytes_;
  int64_t bytes_reserved_ = 0;
  PoolVector<uint32_t> slots_;  ///< entry plus one; a power of two, at most half full
  int64_t age_ = 0;
};

}  // namespace windrow::column
