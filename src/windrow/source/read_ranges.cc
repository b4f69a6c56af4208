// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/read_ranges.h"

#include <algorithm>

namespace windrow::source {

Result<std::vector<arrow::io::ReadRange>> CoalesceRanges(
    std::vector<arrow::io::ReadRange> ranges, int64_t file_size,
    const CoalesceLimits& limits) {
  for (const auto& range : ranges) {
    if (range.offset < 0 || range.length < 0 || range.offset > file_size ||
        range.length > file_size - range.offset) {
      return DataError("the footer names ", range.length, " bytes at ", range.offset,
                       ", the file has ", file_size);
    }
  }
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<arrow::io::ReadRange> merged;
  for (const auto& range : ranges) {
    if (!merged.empty()) {
      auto& last = merged.back();
      const int64_t last_end = last.offset + last.length;
      const int64_t end = std::max(last_end, range.offset + range.length);
      const bool near = range.offset - last_end <= limits.largest_gap;
      if (range.offset < last_end || (near && end - last.offset <= limits.largest_read)) {
        last.length = end - last.offset;
        continue;
      }
    }
    if (range.length > 0) merged.push_back(range);
  }
  return merged;
}

std::vector<arrow::io::ReadRange> SplitRange(const arrow::io::ReadRange& range,
                                             int64_t largest_piece) {
  const int64_t count = (range.length + largest_piece - 1) / largest_piece;
  std::vector<arrow::io::ReadRange> pieces;
  for (int64_t i = 0; i < count; ++i) {
    // range.length * i / count, without its overflow
    const int64_t size = range.length / count;
    const int64_t rest = range.length % count;
    const int64_t begin = size * i + std::min(i, rest);
    pieces.push_back({range.offset + begin, size + (i < rest ? 1 : 0)});
  }
  return pieces;
}

}  // namespace windrow::source
