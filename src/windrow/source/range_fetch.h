// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/future.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/exec/memory_hold.h"
#include "windrow/source/parquet_bytes.h"
#include "windrow/source/remote_file.h"

namespace windrow::source {

/// Ranges of one object on their way, asked for as few and as large requests at once.
/// What has not been asked for yet when this object goes never is. Single-threaded.
class RangeFetch {
 public:
  /// Queues the requests; the bytes count in `budget` (may be null) from here on. Without
  /// room for them: when they are needed now, others spill or it is an error, else null.
  static Result<std::unique_ptr<RangeFetch>> Start(
      const RemoteFile& file, std::vector<arrow::io::ReadRange> ranges,
      exec::MemoryBudget* budget, bool is_needed, const arrow::StopToken& stop);
  ~RangeFetch();

  int64_t bytes() const { return bytes_; }
  /// Waits for all of them. At most once.
  Result<std::shared_ptr<FetchedRanges>> Wait(const arrow::StopToken& stop);

 private:
  /// What was joined into one buffer.
  struct Run {
    int64_t offset;
    std::shared_ptr<arrow::Buffer> memory;
  };
  explicit RangeFetch(int64_t file_size) : file_size_(file_size) {}

  int64_t file_size_;
  int64_t bytes_ = 0;
  std::vector<Run> runs_;
  exec::MemoryHold hold_;
  std::vector<arrow::Future<>> requests_;
  std::shared_ptr<std::atomic<bool>> is_given_up_ =
      std::make_shared<std::atomic<bool>>(false);
};

}  // namespace windrow::source
