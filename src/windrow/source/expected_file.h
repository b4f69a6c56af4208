// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/source/parquet_bytes.h"
#include "windrow/source/range_fetch.h"
#include "windrow/source/remote_file.h"
#include "windrow/source/remote_source.h"

namespace windrow::source {

/// An object of which some ranges are asked for before they are read. Thread-safe.
class ExpectedFile : public PositionalFile {
 public:
  using PositionalFile::ReadAt;

  ExpectedFile(std::shared_ptr<RemoteFile> file, exec::MemoryBudget* budget,
               arrow::StopToken stop)
      : file_(std::move(file)), budget_(budget), stop_(std::move(stop)) {}

  /// Asks for `ranges` if there is memory for them.
  Result<BegunUnit> Begin(std::vector<arrow::io::ReadRange> ranges);
  /// Lets go of the bytes of `ranges`, as they were given to Begin.
  void Release(const std::vector<arrow::io::ReadRange>& ranges);

  Result<int64_t> GetSize() override { return file_->GetSize(); }
  /// From what was asked for, else with a request of its own.
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;

 private:
  struct Expected {
    std::mutex mutex;
    std::unique_ptr<RangeFetch> fetch;
    Result<std::shared_ptr<FetchedRanges>> fetched = nullptr;
    bool has_come = false;
  };

  std::shared_ptr<RemoteFile> file_;
  exec::MemoryBudget* budget_;
  arrow::StopToken stop_;
  std::mutex mutex_;
  std::map<int64_t, std::pair<int64_t, std::shared_ptr<Expected>>>
      expected_;  ///< by first byte: length and what holds it
};

}  // namespace windrow::source
