// SPDX-License-Identifier: Apache-2.0
// Ascending keys as bytes: the first as a zigzag varint, then the gap to each next one as
// a varint (LEB128). Gaps are unsigned 64-bit numbers above 0.
//   -3, -2, 498  ->  05  01  f4 03
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "windrow/base/status.h"

namespace windrow::flight {

static_assert(std::endian::native == std::endian::little);

/// Most bytes of a varint.
inline constexpr int64_t kVarintBytesMax = 10;

/// Keys are coded as 64-bit words. This turns over the sign bit of signed ones, so that
/// words ascend as the keys do. Its own inverse.
inline uint64_t OrderedWord(uint64_t word, bool is_signed) {
  return is_signed ? word ^ (uint64_t{1} << 63) : word;
}

namespace internal {

inline uint64_t Zigzag(uint64_t word) {
  return (word << 1) ^ (uint64_t{0} - (word >> 63));
}
inline uint64_t FromZigzag(uint64_t coded) {
  return (coded >> 1) ^ (uint64_t{0} - (coded & 1));
}

inline int64_t VarintBytes(uint64_t value) { return (std::bit_width(value | 1) + 6) / 7; }

inline uint8_t* StoreVarint(uint64_t value, uint8_t* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<uint8_t>(value | 0x80);
  *out++ = static_cast<uint8_t>(value);
  return out;
}

/// The place behind the varint at `at`; null when it is cut or exceeds 64 bits.
inline const uint8_t* TakeVarint(const uint8_t* at, const uint8_t* end, uint64_t* value) {
  *value = 0;
  for (int shift = 0; at != end && shift < 64; shift += 7) {
    const uint64_t byte = *at++;
    if (shift == 63 && byte > 1) return nullptr;
    *value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

}  // namespace internal

/// Bytes that StoreGaps writes for the `num_keys` keys, or -1 when they do not ascend.
template <typename Key>
int64_t GapBytes(const Key* keys, int64_t num_keys) {
  if (num_keys == 0) return 0;
  int64_t bytes = internal::VarintBytes(internal::Zigzag(static_cast<uint64_t>(keys[0])));
  bool ascend = true;
  for (int64_t i = 1; i < num_keys; ++i) {
    ascend &= keys[i - 1] < keys[i];
    bytes += internal::VarintBytes(static_cast<uint64_t>(keys[i]) -
                                   static_cast<uint64_t>(keys[i - 1]));
  }
  return ascend ? bytes : -1;
}

/// Writes the keys to `out`, which has room for GapBytes.
template <typename Key>
void StoreGaps(const Key* keys, int64_t num_keys, uint8_t* out) {
  if (num_keys == 0) return;
  auto word = static_cast<uint64_t>(keys[0]);
  out = internal::StoreVarint(internal::Zigzag(word), out);
  for (int64_t i = 1; i < num_keys; ++i) {
    const auto next = static_cast<uint64_t>(keys[i]);
    out = internal::StoreVarint(next - word, out);
    word = next;
  }
}

/// Calls `take` with the ordered word of each key: `num_keys` times when it succeeds, and
/// never more often. DataError when `bytes` is no such list of exactly so many keys. Safe
/// on any bytes.
template <typename Take>
Status ReadGaps(std::span<const uint8_t> bytes, int64_t num_keys, bool is_signed,
                Take take) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  constexpr uint64_t kLowBits = 0x0101010101010101;
  const auto damaged = [&](int64_t left) {
    return DataError("the key filter: damaged at key ", num_keys - left, " of ",
                     num_keys);
  };
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  int64_t left = num_keys;
  uint64_t word = 0;
  uint64_t coded = 0;
  if (left > 0) {
    at = internal::TakeVarint(at, end, &coded);
    if (at == nullptr) return damaged(left);
    word = OrderedWord(internal::FromZigzag(coded), is_signed);
    take(word);
    --left;
  }
  while (left > 0) {
    const uint64_t before = word;
    if (left >= 8 && end - at >= 8) {
      std::memcpy(&coded, at, sizeof(coded));
      if ((coded & kHighBits) == 0) {  // eight gaps of one byte
        if (((coded - kLowBits) & kHighBits) != 0) return damaged(left);  // one is 0
        for (int i = 0; i < 8; ++i, coded >>= 8) take(word += coded & 0xff);
        if (word < before) return damaged(left);
        at += 8;
        left -= 8;
        continue;
      }
    }
    at = internal::TakeVarint(at, end, &coded);
    if (at == nullptr) return damaged(left);
    word += coded;
    if (word <= before) return damaged(left);
    take(word);
    --left;
  }
  if (at != end) return DataError("the key filter: ", end - at, " bytes behind its keys");
  return Status::OK();
}

}  // namespace windrow::flight
