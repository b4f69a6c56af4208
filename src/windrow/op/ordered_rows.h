// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::op {

/// A column to sort by. NaN stands between numbers and nulls, wherever those are.
struct SortKey {
  int column;
  bool descending = false;
  bool nulls_first = false;
};

/// Row numbers in memory of the pool that OrderRows was given.
struct OrderedRows {
  std::shared_ptr<arrow::Buffer> memory;
  std::span<int64_t> rows;
};

/// Numbers of the rows of `rows` in sort order, at most `limit` of them. Rows that
/// compare equal keep their order. The caller leaves out keys of Arrow's null type.
Result<OrderedRows> OrderRows(const exec::RowStore& rows,
                              const std::vector<SortKey>& keys,
                              std::optional<int64_t> limit, arrow::MemoryPool* pool);

/// Gathers the rows numbered `order` and hands them over in pieces of a window's size.
Status TakeOrdered(
    const exec::RowStore& rows, std::span<const int64_t> order, exec::RunContext* context,
    exec::StepMetrics* metrics,
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take);

}  // namespace windrow::op
