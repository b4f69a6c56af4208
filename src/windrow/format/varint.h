// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace windrow::format {

inline constexpr int kVarintSizeMax = 10;

/// Writes `value` as a base-128 varint of protobuf and returns the byte behind it.
/// `out` has room for kVarintSizeMax bytes.
inline uint8_t* StoreVarint(uint64_t value, uint8_t* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

/// Takes a varint from the front of `bytes`. False when it is cut or exceeds 64 bits.
inline bool TakeVarint(std::span<const uint8_t>* bytes, uint64_t* value) {
  *value = 0;
  for (size_t i = 0; i < bytes->size() && i < kVarintSizeMax; ++i) {
    const uint64_t byte = (*bytes)[i];
    if (i == kVarintSizeMax - 1 && byte > 1) return false;
    *value |= (byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    *bytes = bytes->subspan(i + 1);
    return true;
  }
  return false;
}

}  // namespace windrow::format
