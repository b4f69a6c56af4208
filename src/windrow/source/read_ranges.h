// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::source {

/// When two ranges of a file are read as one.
struct CoalesceLimits {
  int64_t largest_gap;   ///< bytes between them that are read too
  int64_t largest_read;  ///< of what they become; overlapping ones are joined anyway
};

/// `ranges` in ascending order, those joined that touch, overlap or nearly so; empty ones
/// left out. DataError when one of them is not in a file of `file_size` bytes.
Result<std::vector<arrow::io::ReadRange>> CoalesceRanges(
    std::vector<arrow::io::ReadRange> ranges, int64_t file_size,
    const CoalesceLimits& limits);

/// `range` in pieces of about the same size, none above `largest_piece`.
std::vector<arrow::io::ReadRange> SplitRange(const arrow::io::ReadRange& range,
                                             int64_t largest_piece);

}  // namespace windrow::source
