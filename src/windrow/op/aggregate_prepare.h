// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "windrow/op/aggregate_piece.h"

namespace windrow::op {

/// Columns of the input; -1 for an aggregate without an argument.
struct AggregateColumns {
  std::vector<int> keys;
  std::vector<int> arguments;
};

/// Codes a batch. With `may_group` its rows are aggregated right away if that leaves at
/// most half as many, by the look of the first of them, so that whether it is done
/// depends on the batch alone. Thread-safe.
Result<AggregatePiece> PrepareRows(const AggregateLayout& layout,
                                   const AggregateColumns& columns, bool may_group,
                                   std::shared_ptr<AggregateCoding> coding,
                                   const arrow::RecordBatch& batch,
                                   arrow::MemoryPool* pool);

}  // namespace windrow::op
