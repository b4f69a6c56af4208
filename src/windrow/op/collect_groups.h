// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/column/row_order.h"
#include "windrow/op/collect_coding.h"
#include "windrow/op/collect_piece.h"

namespace windrow::op {

/// Rows in their final order: group after group, each in order.
struct SortedGroups {
  std::vector<std::shared_ptr<arrow::Array>> columns;  ///< payload
  std::vector<uint32_t> codes;                         ///< of each group
  std::vector<int64_t> ends;  ///< of each group's rows in `columns`, ascending

  int64_t rows() const { return ends.empty() ? 0 : ends.back(); }
};

/// What groups are sorted by. Groups come in the order of `rank_of_code`, rows of a group
/// by the order columns, then in input order. Immutable while groups are sorted.
struct GroupOrder {
  const CollectCoding* coding;
  const column::PoolVector<uint32_t>* rank_of_code;
  std::vector<int> columns;  ///< positions in the payload
  std::vector<column::OrderKey> keys;
};

/// The rows of `part`, read from wherever they are, one after the other.
Result<CollectPiece> LoadPart(const CollectPart& part, const CollectCoding& coding,
                              arrow::MemoryPool* pool);

/// Sorts the rows of a piece. With `is_ordered` they are known to be in order already.
/// Coded text comes out as dictionary arrays with `as_dictionaries`, else as text.
Result<SortedGroups> SortGroups(const CollectPiece& piece, const GroupOrder& order,
                                bool is_ordered, bool as_dictionaries,
                                arrow::MemoryPool* pool);

/// `first` and `second` as one; their common group, if the last of one is the first of
/// the other, becomes one group.
Result<SortedGroups> JoinGroups(const SortedGroups& first, const SortedGroups& second,
                                arrow::MemoryPool* pool);

/// Takes the end of the last group off `groups`: all of it, or what is left of it after
/// as many whole parts of `max_rows` as it has.
SortedGroups SplitOffLast(std::optional<int64_t> max_rows, SortedGroups* groups);

/// Batches with a row for each group, or for each part of at most `max_rows` rows of one:
/// key columns, then a list for each payload column.
Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> MakeListBatches(
    const SortedGroups& groups, std::optional<int64_t> max_rows,
    const std::vector<int>& output_columns, const CollectCoding& coding,
    const std::shared_ptr<arrow::Schema>& schema, arrow::MemoryPool* pool);

}  // namespace windrow::op
