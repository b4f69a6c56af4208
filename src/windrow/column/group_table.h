// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// Numbers distinct keys of a fixed number of 64-bit words from 0, in order of arrival.
/// An open-addressing table of numbers; the keys stand apart, one after the other.
///
/// Hashes come with the keys. The table uses their lower half, so that the upper bits may
/// have chosen the table. Single-threaded. At most 2^32 - 2 keys.
class GroupTable {
 public:
  /// `words` may be 0: there is one key then.
  GroupTable(int words, arrow::MemoryPool* pool);

  /// hashes[i] = hash of the key at keys + i * words.
  static void Hash(const uint64_t* keys, int words, int64_t count, uint64_t* hashes);

  /// groups[i] = number of the key of row rows[i], or of row i without `rows`.
  Status FindOrAdd(const uint64_t* keys, const uint64_t* hashes, const uint32_t* rows,
                   int64_t count, uint32_t* groups);

  int words() const { return words_; }
  int64_t size() const { return size_; }
  /// All keys, by number.
  const uint64_t* keys() const { return keys_.data(); }
  const uint64_t* key(int64_t number) const { return keys_.data() + number * words_; }
  int64_t bytes() const;
  /// Forgets all keys and frees their memory.
  void Clear();

 private:
  struct Slot {
    uint32_t hash;    ///< lower half
    uint32_t number;  ///< plus one; 0 is an empty slot
  };

  template <int kWords>
  Status FindOrAddWords(const uint64_t* keys, const uint64_t* hashes,
                        const uint32_t* rows, int64_t count, uint32_t* groups);
  template <int kWords>
  bool IsKey(int64_t number, const uint64_t* key) const;
  Status Grow();

  int words_;
  arrow::MemoryPool* pool_;
  int64_t size_ = 0;
  PoolVector<uint64_t> keys_;
  PoolVector<Slot> slots_;  ///< a power of two of them, at most half full
};

}  // namespace windrow::column
