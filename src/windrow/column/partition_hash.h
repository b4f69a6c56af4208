// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/column/key_batch.h"

namespace windrow::column {

/// Version of the way from a key to its partition. Rows that were partitioned by one
/// version never meet rows of another.
inline constexpr int kPartitionHashVersion = 1;

/// The hash that decides on the partition of a word of KeyBatch (a key, or a hash of its
/// bytes): XXH3 with a seed of its own, so that the keys of one partition still spread
/// over a hash table.
uint64_t PartitionHash(int64_t word);

/// The partition of a hash: equal shares of the hash's range.
inline int PartitionOf(uint64_t hash, int partitions) {
  return static_cast<int>(
      (static_cast<unsigned __int128>(hash) * static_cast<unsigned>(partitions)) >> 64);
}

/// Fills `out`, one a row of the keys, with the row's partition; with -1 where the key
/// matches nothing.
void PartitionsOf(const KeyBatch& keys, int partitions, std::span<int32_t> out);

}  // namespace windrow::column
