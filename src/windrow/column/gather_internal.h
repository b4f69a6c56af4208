// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <memory>
#include <vector>

#include "windrow/column/gather.h"

namespace windrow::column::internal {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

/// How many entries ahead a value's line is fetched. Found by trying 4 to 64 on the
/// 95-column join; flat between 16 and 32.
inline constexpr int64_t kPrefetchAhead = 24;

/// Calls visit(entry, row, position) for every entry of a range.
template <typename Visit>
void ForEachEntry(const GatherOrder& order, size_t range_index, const Visit& visit) {
  const GatherOrder::Range& range = order.ranges[range_index];
  const uint32_t* rows = order.rows.data();
  if (order.positions.empty()) {
    for (int64_t i = range.begin; i < range.end; ++i) visit(i, rows[i], i);
  } else {
    const uint32_t* positions = order.positions.data();
    for (int64_t i = range.begin; i < range.end; ++i) visit(i, rows[i], positions[i]);
  }
}

/// The output's validity, or null when every row is valid.
Result<BufferPtr> GatherValidity(const std::vector<ArrayPtr>& chunks,
                                 const GatherOrder& order, arrow::MemoryPool* pool,
                                 int64_t* null_count);

/// Zeroed when some outputs are never written, so that no stale memory leaves the
/// process.
Result<BufferPtr> AllocateValues(int64_t bytes, bool zeroed, arrow::MemoryPool* pool);

/// Gathers a column of values of one width, bits included.
Result<ArrayPtr> GatherFixedWidth(const std::shared_ptr<arrow::DataType>& type,
                                  const std::vector<ArrayPtr>& chunks,
                                  const GatherOrder& order, arrow::MemoryPool* pool);

/// Gathers a string or binary column, large or not.
Result<ArrayPtr> GatherStrings(const std::shared_ptr<arrow::DataType>& type,
                               const std::vector<ArrayPtr>& chunks,
                               const GatherOrder& order, arrow::MemoryPool* pool);

}  // namespace windrow::column::internal
