// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>

#include "windrow/base/check.h"
#include "windrow/column/gather.h"

namespace windrow::column {
namespace {

struct Entry {
  uint64_t row;
  uint32_t position;
};

/// Bits sorted in one pass: 2,048 counters stay in the first-level cache.
constexpr int kRadixBits = 11;

/// One stable pass of a least-significant-digit radix sort by `row`.
void RadixPass(const PoolVector<Entry>& from, PoolVector<Entry>* to, int shift) {
  std::array<uint32_t, 1 << kRadixBits> starts = {};
  constexpr uint64_t kMask = (1 << kRadixBits) - 1;
  for (const Entry& entry : from) ++starts[(entry.row >> shift) & kMask];
  uint32_t total = 0;
  for (uint32_t& start : starts) total += std::exchange(start, total);
  for (const Entry& entry : from) {
    (*to)[starts[(entry.row >> shift) & kMask]++] = entry;
  }
}

Status SortByRow(PoolVector<Entry>* entries, uint64_t row_max, arrow::MemoryPool* pool) {
  const bool is_sorted =
      std::is_sorted(entries->begin(), entries->end(),
                     [](const Entry& a, const Entry& b) { return a.row < b.row; });
  if (is_sorted) return Status::OK();
  PoolVector<Entry> other(pool);
  ARROW_RETURN_NOT_OK(other.Resize(entries->size()));
  for (int shift = 0; shift < static_cast<int>(std::bit_width(row_max));
       shift += kRadixBits) {
    RadixPass(*entries, &other, shift);
    std::swap(*entries, other);
  }
  return Status::OK();
}

}  // namespace

Result<GatherOrder> MakeGatherOrder(std::span<const int64_t> row_numbers,
                                    const std::vector<int64_t>& chunk_offsets,
                                    arrow::MemoryPool* pool) {
  WINDROW_CHECK(row_numbers.size() < UINT32_MAX);
  GatherOrder order(pool);
  order.output_rows = static_cast<int64_t>(row_numbers.size());
  PoolVector<Entry> entries(pool);
  ARROW_RETURN_NOT_OK(entries.Resize(order.output_rows));
  int64_t count = 0;
  uint64_t row_max = 0;
  for (uint32_t position = 0; position < row_numbers.size(); ++position) {
    if (row_numbers[position] == kNoRow) continue;
    const auto row = static_cast<uint64_t>(row_numbers[position]);
    row_max = std::max(row_max, row);
    entries[count++] = {row, position};
  }
  entries.Truncate(count);
  order.has_missing = count < order.output_rows;
  ARROW_RETURN_NOT_OK(SortByRow(&entries, row_max, pool));

  ARROW_RETURN_NOT_OK(order.rows.Resize(count));
  const bool positions_follow =
      !order.has_missing &&
      std::is_sorted(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return a.position < b.position;
      });
  if (!positions_follow) ARROW_RETURN_NOT_OK(order.positions.Resize(count));
  size_t chunk = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<int64_t>(entries[i].row);
    if (order.ranges.empty() || row >= chunk_offsets[chunk + 1]) {
      chunk = static_cast<size_t>(
                  std::upper_bound(chunk_offsets.begin(), chunk_offsets.end(), row) -
                  chunk_offsets.begin()) -
              1;
      WINDROW_CHECK(chunk + 1 < chunk_offsets.size());
      order.ranges.push_back({static_cast<int>(chunk), i, i});
    }
    order.rows[i] = static_cast<uint32_t>(row - chunk_offsets[chunk]);
    if (!positions_follow) order.positions[i] = entries[i].position;
    order.ranges.back().end = i + 1;
  }
  return order;
}

Result<CompactOrder> MakeCompactOrder(const GatherOrder& order, arrow::MemoryPool* pool) {
  CompactOrder compact(pool);
  compact.order.output_rows = order.output_rows;
  compact.order.has_missing = order.has_missing;
  compact.order.ranges = order.ranges;
  ARROW_RETURN_NOT_OK(compact.order.positions.Append(order.positions.view()));
  ARROW_RETURN_NOT_OK(compact.order.rows.Resize(order.rows.size()));
  ARROW_RETURN_NOT_OK(compact.rows.Resize(order.rows.size()));
  int64_t taken = 0;
  for (const GatherOrder::Range& range : order.ranges) {
    const int64_t first = taken;
    compact.starts.push_back(static_cast<size_t>(first));
    for (int64_t i = range.begin; i < range.end; ++i) {
      const uint32_t row = order.rows[i];
      if (taken == first || compact.rows[taken - 1] != row) compact.rows[taken++] = row;
      compact.order.rows[i] = static_cast<uint32_t>(taken - 1 - first);
    }
  }
  compact.starts.push_back(static_cast<size_t>(taken));
  compact.rows.Truncate(taken);
  return compact;
}

}  // namespace windrow::column
