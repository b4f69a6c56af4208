// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "windrow/source/counter_random.h"

namespace windrow::source {

/// Shuffles [0, size) without a table: a keyed Feistel network over the next even number
/// of bits, walked until it lands inside (under four steps on average).
class Permutation {
 public:
  /// `size` >= 0.
  Permutation(uint64_t key, int64_t size);
  /// Where `position` of [0, size) goes. A bijection.
  int64_t operator()(int64_t position) const;

 private:
  uint64_t size_;
  int half_bits_;
  uint64_t key_;
};

/// The identifiers that securities bear and quotes refer to. Instruments are numbered
/// from 0: the securities table holds the numbers [0, rows), quotes draw from
/// `universe_multiple` times as many. A number becomes an identifier in one of two ways,
/// which both tables must share: base + number, or that spread over all 64-bit values by
/// a bijection.
class InstrumentIds {
 public:
  InstrumentIds(int64_t base, bool sparse) : base_(base), sparse_(sparse) {}

  int64_t operator()(int64_t instrument) const {
    const uint64_t dense =
        static_cast<uint64_t>(base_) + static_cast<uint64_t>(instrument);
    return static_cast<int64_t>(sparse_ ? Mix64(dense) : dense);
  }

 private:
  int64_t base_;
  bool sparse_;
};

/// Which instrument each row of the securities table describes.
class InstrumentOrder {
 public:
  struct Options {
    uint64_t seed = 0;
    int64_t rows = 0;
    bool shuffled = false;
    double duplicates = 0;  ///< share of rows that repeat another's instrument, <= 0.99
    double null_keys = 0;   ///< share of rows that name no instrument
  };

  explicit InstrumentOrder(const Options& options);

  /// A repeating row takes the instrument of the nearest row before it (in unshuffled
  /// order) that does not repeat, so the unshuffled table stays sorted. Instrument 0
  /// always exists.
  int64_t InstrumentOf(int64_t row) const;
  bool HasKey(int64_t row) const {
    return !Chance(null_(row), null_keys_) || PositionOf(row) == 0;
  }

 private:
  int64_t PositionOf(int64_t row) const { return shuffled_ ? permutation_(row) : row; }

  bool shuffled_;
  double duplicates_;
  double null_keys_;
  Permutation permutation_;
  RandomStream repeat_;
  RandomStream null_;
};

}  // namespace windrow::source
