// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <functional>

namespace windrow::flight {

/// Hashes of consecutive keys: XXH64 of a number as 8 little-endian bytes or of a text's
/// bytes, as Parquet hashes them.
struct KeyHashes {
  static constexpr int kMost = 64;

  int count = 0;
  uint64_t valid = 0;  ///< bit i: key i is not null; the hash of a null is 0
  std::array<uint64_t, kMost> values{};
};

/// Calls `visit` with the hashes of 64 keys at a time, of fewer at the end, and with the
/// number of the first of them.
/// Requires: KeyKindOf the keys' type is not kNone.
void VisitKeyHashes(const arrow::Array& keys,
                    const std::function<void(int64_t first, const KeyHashes&)>& visit);

}  // namespace windrow::flight
