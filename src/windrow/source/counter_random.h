// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace windrow::source {

// Random numbers addressed by position instead of drawn in sequence, so that any row of a
// generated table can be made alone. The generator is SplitMix64 (Steele, Lea, Flood:
// "Fast splittable pseudorandom number generators", OOPSLA 2014), whose n-th output is a
// mix of key + n * golden ratio: here n is the row, and each purpose has a key of its
// own.

inline constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;

/// The SplitMix64 finaliser: a bijection of the 64-bit numbers.
constexpr uint64_t Mix64(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

/// 64 random bits per row; the same for the same seed, table, purpose and row, anywhere.
class RandomStream {
 public:
  constexpr RandomStream(uint64_t seed, std::string_view table, std::string_view purpose)
      : key_(Mix64(Mix64(Mix64(seed + kGoldenRatio) + HashName(table)) +
                   HashName(purpose))) {}

  constexpr uint64_t operator()(int64_t row) const {
    return Mix64(key_ + (static_cast<uint64_t>(row) + 1) * kGoldenRatio);
  }

 private:
  static constexpr uint64_t HashName(std::string_view name) {
    uint64_t hash = 0xCBF29CE484222325;
    for (const char letter : name) {
      hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    }
    return Mix64(hash);
  }

  uint64_t key_;
};

/// `bits` scaled to [0, bound), from its high end.
constexpr uint64_t Below(uint64_t bits, uint64_t bound) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

/// `bits` scaled to the whole numbers of [low, high], both included.
constexpr int64_t Between(uint64_t bits, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(Below(bits, static_cast<uint64_t>(high - low) + 1));
}

/// `bits` scaled to (0, 1): never an end, so its logarithm is finite.
constexpr double UnitInterval(uint64_t bits) {
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}

/// True for `share` (of 1) of all bits.
constexpr bool Chance(uint64_t bits, double share) { return UnitInterval(bits) < share; }

}  // namespace windrow::source
