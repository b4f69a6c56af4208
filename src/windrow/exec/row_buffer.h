// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spill_file.h"
#include "windrow/exec/spillable.h"

namespace windrow::exec {

/// The rows of a step that several others read, as batches in order. Held in memory; when
/// the budget is short they go to disk, unless a column's type is a dictionary or holds
/// one. Thread-safe; Append is called by one thread at a time.
class RowBuffer : public Spillable {
 public:
  /// `context` and `metrics` outlive this object.
  RowBuffer(std::shared_ptr<arrow::Schema> schema, RunContext* context,
            StepMetrics* metrics);
  ~RowBuffer() override;

  /// Adds a batch of the schema, its columns of the schema's types.
  Status Append(std::shared_ptr<arrow::RecordBatch> batch);

  int64_t num_batches() const;
  /// Of a batch, by estimate.
  int64_t batch_bytes(int64_t index) const;
  /// May read from disk, into memory of the run's pool.
  Result<std::shared_ptr<arrow::RecordBatch>> ReadBatch(int64_t index) const;

  int64_t spillable_bytes() const override { return bytes_in_memory_; }
  Status Spill() override;

 private:
  struct Held {
    std::shared_ptr<arrow::RecordBatch> batch;  ///< null when on disk
    SpillFile::Block stored;
    int64_t bytes = 0;
  };

  std::shared_ptr<arrow::Schema> schema_;
  RunContext* context_;
  StepMetrics* metrics_;
  bool is_registered_ = false;
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Held> batches_;
  std::unique_ptr<SpillFile> file_;
  std::atomic<int64_t> bytes_in_memory_ = 0;
};

}  // namespace windrow::exec
