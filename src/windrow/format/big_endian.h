// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace windrow::format {

static_assert(std::endian::native == std::endian::little);

namespace internal {
inline uint8_t Swapped(uint8_t word) { return word; }
inline uint16_t Swapped(uint16_t word) { return __builtin_bswap16(word); }
inline uint32_t Swapped(uint32_t word) { return __builtin_bswap32(word); }
inline uint64_t Swapped(uint64_t word) { return __builtin_bswap64(word); }

template <size_t bytes>
struct WordOf;
template <>
struct WordOf<1> {
  using Type = uint8_t;
};
template <>
struct WordOf<2> {
  using Type = uint16_t;
};
template <>
struct WordOf<4> {
  using Type = uint32_t;
};
template <>
struct WordOf<8> {
  using Type = uint64_t;
};
}  // namespace internal

/// The number whose bytes, highest first, stand at `from`, aligned or not.
template <typename Number>
Number LoadBig(const void* from) {
  typename internal::WordOf<sizeof(Number)>::Type word;
  std::memcpy(&word, from, sizeof(word));
  return std::bit_cast<Number>(internal::Swapped(word));
}

/// Puts `number` there so, and gives the place after it.
template <typename Number>
uint8_t* StoreBig(Number number, uint8_t* to) {
  using Word = typename internal::WordOf<sizeof(Number)>::Type;
  const Word word = internal::Swapped(std::bit_cast<Word>(number));
  std::memcpy(to, &word, sizeof(word));
  return to + sizeof(word);
}

}  // namespace windrow::format
