// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "windrow/base/status.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/fs/temp_file.h"

namespace windrow::exec {

/// Batches of one schema put aside on disk, compressed with LZ4 and checksummed (see
/// format/spill_block.h). The file has no name: it is gone with the last use of it,
/// however the process ends. Thread-safe.
class SpillFile {
 public:
  /// Where a batch stands in the file.
  struct Block {
    int64_t offset = 0;
    int64_t stored_bytes = 0;
    int64_t rows = 0;
  };

  /// Opens a file in the run's folder for temporary files. Bytes written are added to
  /// `metrics`, which may not be null.
  static Result<std::unique_ptr<SpillFile>> Make(std::shared_ptr<arrow::Schema> schema,
                                                 RunContext* context,
                                                 StepMetrics* metrics);
  ~SpillFile();

  /// Whether a column of this type cannot be put aside.
  static bool HoldsDictionary(const arrow::DataType& type);

  /// Writes a batch. Encodes on the calling thread, outside any lock, into memory of
  /// `RunContext::spill_pool`. A full disk is a ResourceError that names the folder.
  Result<Block> Append(const arrow::RecordBatch& batch);
  /// Reads a batch back into memory of `pool`. A block that does not have its checksum is
  /// a StorageError that names the folder and the offset.
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const Block& block,
                                                   arrow::MemoryPool* pool) const;
  int64_t bytes_written() const { return end_; }

 private:
  SpillFile(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<fs::TempFile> file,
            RunContext* context, StepMetrics* metrics);

  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<fs::TempFile> file_;
  RunContext* context_;
  StepMetrics* metrics_;
  std::atomic<int64_t> end_ = 0;
};

}  // namespace windrow::exec
