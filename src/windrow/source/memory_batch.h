// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::source {

// Rows that other libraries made, handed over in memory.

/// The columns as the engine takes them: no views and no run-end encoding, also not
/// inside of lists and structs.
std::shared_ptr<arrow::Schema> MemorySchema(const arrow::Schema& schema);

/// Some columns of one batch, in pieces of a morsel that are made flat where they are
/// read.
class MemoryUnit : public exec::UnitReader {
 public:
  /// `columns` are those of `schema`, which is that of the batches that come out; with
  /// one column more, the last is the number of the row, counted from `first_row`.
  MemoryUnit(std::shared_ptr<arrow::Schema> schema, const arrow::RecordBatch& batch,
             const std::vector<int>& columns, int64_t first_row,
             const exec::RunContext& context);

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> stored_;  ///< the asked columns as they came
  arrow::MemoryPool* pool_;
  int64_t first_row_;
  int64_t piece_rows_;
  int64_t next_row_ = 0;
};

/// What a scan of these options gives out of a table of `schema`.
std::shared_ptr<arrow::Schema> ScanSchema(const arrow::Schema& schema,
                                          const exec::ScanOptions& options);

}  // namespace windrow::source
