// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/partition_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windrow::column {

uint64_t PartitionHash(int64_t word) {
  constexpr XXH64_hash_t kSeed = 0x57494E44524F5700 + kPartitionHashVersion;  // WINDROW
  return XXH3_64bits_withSeed(&word, sizeof(word), kSeed);
}

void PartitionsOf(const KeyBatch& keys, int partitions, std::span<int32_t> out) {
  const int64_t* words = keys.words();
  for (size_t row = 0; row < out.size(); ++row) {
    out[row] = keys.is_valid(static_cast<int64_t>(row))
                   ? PartitionOf(PartitionHash(words[row]), partitions)
                   : -1;
  }
}

}  // namespace windrow::column
