// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "windrow/column/key_table.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/table.h"

namespace windrow::op {

/// What the building stage of a join leaves for the probing stage. Written by one
/// HashJoinBuild; immutable and thread-safe after its Finish.
struct BuiltSide {
  BuiltSide(column::KeyLayout layout, arrow::MemoryPool* pool)
      : table(std::move(layout), pool), row_numbers(pool) {}

  column::KeyTable table;
  /// Where the payload of a build row is found.
  std::shared_ptr<exec::RowStore> rows;
  /// Row of `rows` for each row of the table; empty when they are the same.
  column::PoolVector<int64_t> row_numbers;

  int64_t RowNumber(uint32_t build_row) const {
    return row_numbers.empty() ? build_row : row_numbers[build_row];
  }
};

/// Looks whether an integer key column counts up by one through the whole store. Then the
/// key alone says where a row is and no table is needed. Chunks are read in parallel and
/// the first that breaks the count ends the search, so a column that does not count up
/// costs next to nothing. Null when it does not, or holds nulls.
Result<std::optional<column::KeyTable>> FindIdentityKeys(const column::KeyLayout& layout,
                                                         const exec::RowStore& rows,
                                                         int key_column,
                                                         exec::RunContext* context,
                                                         exec::StepMetrics* metrics);

/// "identity", "dense" or "hash", and the reason in words with the numbers that decided.
std::pair<std::string, std::string> DescribeTable(const column::KeyTable& table);

}  // namespace windrow::op
