// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spill_file.h"
#include "windrow/op/ordered_rows.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {

/// Rows sorted by parts that fit into memory, kept on disk in blocks, and merged.
///
/// The first and the last row of every block stay in memory and are ranked once. From
/// then on numbers say which blocks end next, about a window of them, and which others
/// have rows before that end. These are sorted together, and the rows up to that end go
/// out. So a block is read once, only blocks that overlap are sorted again, and the order
/// is Arrow's throughout. Holds a window and at most a block of each run.
/// Single-threaded; parallel inside.
class SortedRuns {
 public:
  /// Where the rows of a run stand in the input.
  using Position = std::pair<int64_t, int64_t>;

  static Result<std::unique_ptr<SortedRuns>> Make(std::shared_ptr<arrow::Schema> schema,
                                                  std::vector<SortKey> keys,
                                                  exec::RunContext* context,
                                                  exec::StepMetrics* metrics);

  /// Sorts `rows`, not none, and writes them. Positions differ.
  Status AddRun(Position position, const RetainedRows& rows);

  /// Hands over all rows in order; equal ones in the order of their runs' positions, then
  /// as they stood in their run. At most once.
  Status Merge(const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take);

  int64_t num_runs() const { return static_cast<int64_t>(runs_.size()); }

 private:
  struct Block {
    exec::SpillFile::Block stored;
    int64_t value_bytes = 0;
    size_t run = 0;
    int64_t first_rank = 0;  ///< of its first row among the first and last rows of all
    int64_t last_rank = 0;
  };
  struct Run {
    Position position;
    std::vector<Block> blocks;
    RetainedRows fences;  ///< key columns of each block's first and last row
  };
  /// Rows of a block that were read and not handed over yet.
  struct Loaded {
    const Block* block;
    std::shared_ptr<arrow::RecordBatch> rows;
  };
  class Merger;

  SortedRuns(std::shared_ptr<arrow::Schema> schema, std::vector<SortKey> keys,
             std::unique_ptr<exec::SpillFile> file, exec::RunContext* context,
             exec::StepMetrics* metrics);
  Status AddBlocks(const std::shared_ptr<arrow::RecordBatch>& sorted, Run* run);
  Status RankBlocks();
  Status Load(std::vector<Loaded>* loaded);

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<SortKey> keys_;
  std::shared_ptr<arrow::Schema> key_schema_;
  std::vector<SortKey> fence_keys_;  ///< of key_schema_
  std::unique_ptr<exec::SpillFile> file_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::vector<Run> runs_;
};

}  // namespace windrow::op
