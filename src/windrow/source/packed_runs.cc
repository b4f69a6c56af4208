// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/packed_runs.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "windrow/base/check.h"

namespace windrow::source {
namespace {

constexpr uint64_t kGroup = 8;  // values a bit-packed run is counted in

uint64_t LowBits(uint64_t word, uint64_t count) {
  return word & ((uint64_t{1} << count) - 1);
}

}  // namespace

PackedRuns::PackedRuns(std::span<const uint8_t> bytes, int bit_width)
    : bytes_(bytes), bit_width_(bit_width) {
  WINDROW_CHECK(bit_width >= 0 && bit_width <= 32);
}

/// Enters the next run; false at the end and on a run that is cut off.
bool PackedRuns::NextRun() {
  uint64_t header = 0;
  for (int shift = 0;; shift += 7) {
    if (next_ == bytes_.size() || shift > 28) return false;
    const uint8_t byte = bytes_[next_++];
    header |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const auto width = static_cast<uint64_t>(bit_width_);
  const uint64_t bytes_left = bytes_.size() - next_;
  run_begin_ = run_end_;
  is_repeated_ = (header & 1) == 0;
  uint64_t run_bytes;
  if (is_repeated_) {
    run_bytes = (width + 7) / 8;
    if (run_bytes > bytes_left) return false;
    repeated_ = 0;
    std::memcpy(&repeated_, bytes_.data() + next_, run_bytes);
    if (width < 32 && repeated_ >> width != 0) return false;
    run_end_ = run_begin_ + (header >> 1);
  } else {
    // Some writers leave out the padding of the last run.
    run_bytes = std::min((header >> 1) * width, bytes_left);
    packed_ = next_;
    run_end_ = run_begin_ + (width == 0 ? (header >> 1) * kGroup : run_bytes * 8 / width);
  }
  next_ += run_bytes;
  return true;
}

bool PackedRuns::SeekRun(uint64_t position) {
  while (position >= run_end_) {
    if (!NextRun()) return false;
  }
  return true;
}

/// At least the 57 bits from `bit` of this run on, zeros past the end of the bytes.
uint64_t PackedRuns::Load(uint64_t bit) const {
  const uint64_t byte = packed_ + bit / 8;
  uint64_t word = 0;
  if (byte + sizeof(word) <= bytes_.size()) {
    std::memcpy(&word, bytes_.data() + byte, sizeof(word));
  } else if (byte < bytes_.size()) {
    std::memcpy(&word, bytes_.data() + byte, bytes_.size() - byte);
  }
  return word >> (bit % 8);
}

bool PackedRuns::Pick(std::span<const uint32_t> positions,
                      std::vector<uint32_t>* values) {
  const size_t before = values->size();
  values->resize(before + positions.size());
  uint32_t* out = values->data() + before;
  if (bit_width_ == 0) {
    std::fill_n(out, positions.size(), 0);
    return true;
  }
  const auto width = static_cast<uint64_t>(bit_width_);
  for (size_t i = 0; i < positions.size();) {
    if (!SeekRun(positions[i])) return false;
    if (is_repeated_) {
      for (; i < positions.size() && positions[i] < run_end_; ++i) *out++ = repeated_;
    } else {
      for (; i < positions.size() && positions[i] < run_end_; ++i) {
        const uint64_t bit = (positions[i] - run_begin_) * width;
        *out++ = static_cast<uint32_t>(LowBits(Load(bit), width));
      }
    }
  }
  return true;
}

uint64_t PackedRuns::CountOnes(uint64_t from, uint64_t to) const {
  constexpr uint64_t kStep = 56;
  uint64_t ones = 0;
  for (; to - from > kStep; from += kStep) {
    ones += std::popcount(LowBits(Load(from), kStep));
  }
  return ones + std::popcount(LowBits(Load(from), to - from));
}

bool PackedRuns::RankOnes(std::span<const uint32_t> rows, uint32_t first_row,
                          uint32_t first_target, std::vector<uint32_t>* ranks,
                          std::vector<uint32_t>* targets) {
  WINDROW_CHECK(bit_width_ == 1);
  uint64_t ones = 0;     // before `counted`
  uint64_t counted = 0;  // a position of the current run
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint64_t position = rows[i] - first_row;
    while (position >= run_end_) {
      const uint64_t rest = run_end_ - counted;
      if (is_repeated_) {
        ones += repeated_ == 1 ? rest : 0;
      } else {
        ones += CountOnes(counted - run_begin_, run_end_ - run_begin_);
      }
      counted = run_end_;
      if (!NextRun()) return false;
    }
    bool is_one;
    if (is_repeated_) {
      is_one = repeated_ == 1;
      ones += is_one ? position - counted : 0;
    } else {
      ones += CountOnes(counted - run_begin_, position - run_begin_);
      is_one = (Load(position - run_begin_) & 1) != 0;
    }
    counted = position;
    if (!is_one) continue;
    ranks->push_back(static_cast<uint32_t>(ones));
    targets->push_back(first_target + static_cast<uint32_t>(i));
  }
  return true;
}

}  // namespace windrow::source
