// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// Gives each distinct byte string a number, its code, that stays the same as more
/// strings come in. Codes depend on the order of arrival and are nearly, not exactly,
/// dense. Code 0 is null. A string can carry a tag, a small number computed once when it
/// is first seen.
///
/// Intern, SetTags, CopyValues, CopyTags, null_tag, code_limit and bytes may be called
/// from many threads at once; everything else only while no Intern runs.
class ValueDictionary {
 public:
  static constexpr uint32_t kNullCode = 0;

  /// The tag of a value; called under a lock, so it must not come back here.
  using TagOf = std::function<uint32_t(std::string_view)>;

  /// Allocates from `pool` while it holds locks of its own.
  explicit ValueDictionary(arrow::MemoryPool* pool);

  /// codes[i] = code of values[i]; and tags[i] its tag unless `tags` is null. Status code
  /// CapacityError when there are too many values for 31-bit codes.
  Status Intern(std::span<const std::string_view> values, uint32_t* codes,
                uint32_t* tags);
  /// Tags all values, present and future.
  void SetTags(TagOf tag_of, uint32_t null_tag);

  /// The values of some codes.
  std::vector<std::string> CopyValues(std::span<const uint32_t> codes) const;
  /// Tags by code, for all codes below code_limit(); 0 where there is no value.
  Status CopyTags(PoolVector<uint32_t>* tags) const;
  uint32_t null_tag() const;
  /// One more than the largest code.
  uint32_t code_limit() const;

  std::string_view value(uint32_t code) const;
  /// Number of values, null not counted.
  int64_t size() const;
  /// Memory held.
  int64_t bytes() const;

  /// All codes but null's, in the order of their values' bytes.
  Status CodesInOrder(PoolVector<uint32_t>* codes) const;
  /// Values by code as an array of `type`, a string or binary type; unused codes are
  /// empty, null's is null.
  Result<std::shared_ptr<arrow::Array>> ToArray(
      const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool) const;

 private:
  /// Low bits of a code; many, so that threads seldom meet at a lock.
  static constexpr uint32_t kShardBits = 6;
  static constexpr uint32_t kShards = 1 << kShardBits;

  struct Entry {
    int64_t offset;  ///< of its bytes in the shard's
    uint32_t length;
    uint32_t tag;
  };
  struct Slot {
    uint32_t hash;   ///< upper half of the value's hash
    uint32_t entry;  ///< plus one; 0 is an empty slot
  };
  struct Shard {
    explicit Shard(arrow::MemoryPool* pool)
        : pool(pool), entries(pool), bytes(pool), slots(pool) {}
    arrow::MemoryPool* pool;
    mutable std::mutex mutex;
    PoolVector<Entry> entries;
    PoolVector<char> bytes;
    PoolVector<Slot> slots;  ///< a power of two of them, at most half full
  };

  Result<uint32_t> FindOrAdd(Shard* shard, std::string_view value, uint64_t hash);
  static Status Grow(Shard* shard);
  static std::string_view ValueOf(const Shard& shard, const Entry& entry) {
    return {shard.bytes.data() + entry.offset, entry.length};
  }

  std::array<std::unique_ptr<Shard>, kShards> shards_;
  TagOf tag_of_;  ///< guarded by all shards' locks
  uint32_t null_tag_ = 0;
};

}  // namespace windrow::column
