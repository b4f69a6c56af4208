// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace windrow::source {

/// Parquet's mix of repeated and bit-packed runs, read at ascending positions only: what
/// lies between them is stepped over, not decoded. Every access is checked against
/// `bytes`, which must outlive this object. Single-threaded.
class PackedRuns {
 public:
  /// `bit_width` is 0 to 32.
  PackedRuns(std::span<const uint8_t> bytes, int bit_width);

  /// Appends the value at each of the ascending `positions`. False when the runs end
  /// before.
  bool Pick(std::span<const uint32_t> positions, std::vector<uint32_t>* values);

  /// Of width 1: for each of the ascending positions `rows[i] - first_row` that holds a
  /// one, appends how many ones come before it to `ranks` and first_target + i to
  /// `targets`. False when the runs end before.
  bool RankOnes(std::span<const uint32_t> rows, uint32_t first_row, uint32_t first_target,
                std::vector<uint32_t>* ranks, std::vector<uint32_t>* targets);

 private:
  bool NextRun();
  bool SeekRun(uint64_t position);
  uint64_t Load(uint64_t bit) const;
  uint64_t CountOnes(uint64_t from, uint64_t to) const;

  std::span<const uint8_t> bytes_;
  const int bit_width_;
  uint64_t next_ = 0;       ///< byte where the next run starts
  uint64_t packed_ = 0;     ///< byte where the packed values of this run start
  uint64_t run_begin_ = 0;  ///< positions of this run
  uint64_t run_end_ = 0;
  bool is_repeated_ = false;
  uint32_t repeated_ = 0;
};

}  // namespace windrow::source
