// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// Which rows of a chunked column go to which places of an output column, in the order in
/// which the source lies in memory. That order is what makes a gather of few rows out of
/// a large column fast: reads walk forward through DRAM, only the writes into the (small)
/// output jump about. Immutable once made; thread-safe.
struct GatherOrder {
  explicit GatherOrder(arrow::MemoryPool* pool) : rows(pool), positions(pool) {}

  /// Entries [begin, end) read from chunk `chunk`.
  struct Range {
    int chunk;
    int64_t begin;
    int64_t end;
  };

  int64_t output_rows = 0;
  PoolVector<uint32_t> rows;       ///< row within its chunk; ascending within a range
  PoolVector<uint32_t> positions;  ///< output row of each entry; empty: entry i goes to i
  std::vector<Range> ranges;       ///< ascending chunks, none empty, together all entries
  bool has_missing = false;        ///< some output rows receive nothing and become null
};

/// A row number that stands for "no row": its output is null.
inline constexpr int64_t kNoRow = -1;

/// Makes the order for gathering `row_numbers` (global, or kNoRow) to outputs 0, 1, 2, …;
/// `chunk_offsets` as in exec::RowStore. At most 2^32 - 1 outputs and rows a chunk.
Result<GatherOrder> MakeGatherOrder(std::span<const int64_t> row_numbers,
                                    const std::vector<int64_t>& chunk_offsets,
                                    arrow::MemoryPool* pool);

/// Gathers one column. `chunks[i]` is the column's array for `order.ranges[i]`, of type
/// `type` or of a dictionary whose values are `type`. The result has `type`; dictionaries
/// that differ between chunks are unified. Status code CapacityError when values pass the
/// 2 GiB of 32-bit offsets or a unified dictionary its code type: gather fewer rows at a
/// time. String offsets may be damaged: those that are read are checked, and one outside
/// the column's bytes is Status code Invalid.
Result<std::shared_ptr<arrow::Array>> Gather(
    const std::shared_ptr<arrow::DataType>& type,
    const std::vector<std::shared_ptr<arrow::Array>>& chunks, const GatherOrder& order,
    arrow::MemoryPool* pool);

/// The ascending `rows` of a chunk as a small array of `type`, so that the chunk can be
/// let go. The chunk is of `type` or of a dictionary of it; errors are those of Gather.
Result<std::shared_ptr<arrow::Array>> CompactRows(
    const std::shared_ptr<arrow::DataType>& type,
    const std::shared_ptr<arrow::Array>& chunk, std::span<const uint32_t> rows,
    arrow::MemoryPool* pool);

/// An order split in two: which rows to take out of each chunk, each row once, and how to
/// gather from what was taken. Immutable once made; thread-safe.
struct CompactOrder {
  explicit CompactOrder(arrow::MemoryPool* pool) : rows(pool), order(pool) {}

  /// The rows to take for order.ranges[range].
  std::span<const uint32_t> RowsOf(size_t range) const {
    return rows.view().subspan(starts[range], starts[range + 1] - starts[range]);
  }

  PoolVector<uint32_t> rows;   ///< row within its chunk; ascending within a range
  std::vector<size_t> starts;  ///< into `rows`, per range; last: their number
  GatherOrder order;           ///< reads one array of taken rows per range
};

Result<CompactOrder> MakeCompactOrder(const GatherOrder& order, arrow::MemoryPool* pool);

}  // namespace windrow::column
