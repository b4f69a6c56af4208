// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/instrument_keys.h"

#include <algorithm>
#include <bit>

namespace windrow::source {

Permutation::Permutation(uint64_t key, int64_t size)
    : size_(static_cast<uint64_t>(size)),
      half_bits_(std::max<int>(1, (std::bit_width(size_ - (size_ > 0)) + 1) / 2)),
      key_(key) {}

int64_t Permutation::operator()(int64_t position) const {
  const uint64_t half_mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t value = static_cast<uint64_t>(position);
  do {
    uint64_t left = value >> half_bits_;
    uint64_t right = value & half_mask;
    for (uint64_t round = 0; round < 4; ++round) {
      const uint64_t mixed = Mix64((key_ ^ right) + round * kGoldenRatio);
      const uint64_t swapped = left ^ (mixed & half_mask);
      left = right;
      right = swapped;
    }
    value = left << half_bits_ | right;
  } while (value >= size_);
  return static_cast<int64_t>(value);
}

InstrumentOrder::InstrumentOrder(const Options& options)
    : shuffled_(options.shuffled),
      duplicates_(options.duplicates),
      null_keys_(options.null_keys),
      permutation_(RandomStream(options.seed, "securities", "ID/order")(0), options.rows),
      repeat_(options.seed, "securities", "ID/repeat"),
      null_(options.seed, "securities", "ID/null") {}

int64_t InstrumentOrder::InstrumentOf(int64_t row) const {
  int64_t position = PositionOf(row);
  if (duplicates_ == 0) return position;
  while (position > 0 && Chance(repeat_(position), duplicates_)) --position;
  return position;
}

}  // namespace windrow::source
