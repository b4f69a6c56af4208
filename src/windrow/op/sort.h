// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spill_file.h"
#include "windrow/exec/spillable.h"
#include "windrow/op/ordered_rows.h"
#include "windrow/op/retained_rows.h"
#include "windrow/op/sorted_runs.h"

namespace windrow::op {

/// Orders rows by some columns; with a limit, keeps only the first rows of that order.
///
/// Rows that compare equal keep their input order, so the result does not depend on slots
/// or batch size. NaN stands between numbers and nulls, wherever those are. With a limit
/// each batch is cut to its own first rows in parallel, and the survivors are cut again
/// whenever there are kCompactFactor times too many, so memory follows the limit, not the
/// input.
///
/// Without a limit, rows that the run's budget has no room for are spilled, and those
/// that follow are sorted and written in runs of an eighth of the budget; at the end all
/// runs are merged. Rows with dictionaries are not spilled.
class Sort : public exec::Breaker, private exec::Spillable {
 public:
  using Key = SortKey;
  struct Options {
    std::vector<Key> keys;
    std::optional<int64_t> limit;
  };

  Sort(Options options, std::shared_ptr<arrow::Schema> schema, exec::RunContext* context,
       exec::StepMetrics* metrics);
  ~Sort() override;

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  /// Rows taken out of memory at one moment; numbers follow the input.
  struct Taken {
    int64_t number;
    std::unique_ptr<RetainedRows> rows;
  };
  /// Rows on disk as they came.
  struct Unsorted {
    int64_t number;
    std::vector<exec::SpillFile::Block> blocks;
  };

  int64_t spillable_bytes() const override { return held_bytes_; }
  Status Spill() override;

  /// Row numbers of `rows` in sort order, at most `limit` of them.
  Result<OrderedRows> OrderOf(const RetainedRows& rows) const;
  Status KeepFirst(std::vector<std::shared_ptr<arrow::RecordBatch>> batches);
  int64_t RunBytes() const;
  Taken TakeRows();
  Status SpillUnsorted(const Taken& taken);
  Status AddRun(SortedRuns::Position position, const RetainedRows& rows);
  bool FitsInMemory() const;
  Status FinishOnDisk(
      const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take);
  Status SortPart(const Unsorted& part);
  void StopSpilling();

  Options options_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  bool is_registered_ = false;
  std::unique_ptr<SortedRuns> runs_;
  std::unique_ptr<exec::SpillFile> unsorted_file_;
  /// Guards what follows; not held while memory is allocated.
  mutable std::mutex mutex_;
  std::unique_ptr<RetainedRows> rows_;
  std::atomic<int64_t> held_bytes_ = 0;  ///< of rows_, without a limit
  int64_t num_taken_ = 0;
  std::vector<Unsorted> unsorted_;
};

}  // namespace windrow::op
