// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::op {

/// One side of a window of joined rows.
struct WindowSide {
  const exec::RowStore* rows;
  std::span<const int64_t>
      row_numbers;           ///< one per output row; column::kNoRow gives nulls
  std::vector<int> columns;  ///< of the row store, in output order
};

/// Gathers the joined rows of a window, column by column in parallel, and calls `take`
/// with one or more batches, in row order. The output has the columns of the sides one
/// after the other and the given schema. More than one batch comes out only when a string
/// column would pass 2 GiB. Columns that must be decoded are decoded chunk by chunk and
/// reduced to the wanted rows at once, so at most one decoded chunk per slot is held.
Status GatherWindow(
    const std::shared_ptr<arrow::Schema>& schema, const std::vector<WindowSide>& sides,
    exec::RunContext* context, exec::StepMetrics* metrics,
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take);

/// What the gathered columns of a window may take: context->window_bytes. When columns of
/// `sides` must be decoded, each window decodes their chunks anew, and
/// decoded_window_bytes counts instead. Rows that are all held in memory are near at hand
/// and taken a quarter of a window at a time: several such joins may follow each other.
int64_t WindowBytes(const std::vector<WindowSide>& sides,
                    const exec::RunContext& context);

/// How many output rows a window may have so that its gathered columns take about
/// WindowBytes, by the types of `schema`'s columns.
int64_t WindowRows(const arrow::Schema& schema, const std::vector<WindowSide>& sides,
                   const exec::RunContext& context);

}  // namespace windrow::op
