// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::source {

/// A file that is only read at positions: what the Parquet reader asks of its input.
class PositionalFile : public arrow::io::RandomAccessFile {
 public:
  using arrow::io::RandomAccessFile::ReadAt;

  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override;
  Status Seek(int64_t position) override;
  Result<int64_t> Read(int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
};

/// Passes reads on to `file`, allocates from `pool` and counts the bytes. Thread-safe
/// when `file` is.
class CountingFile : public PositionalFile {
 public:
  CountingFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
               arrow::MemoryPool* pool);

  Result<int64_t> GetSize() override;
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                int64_t nbytes) override;
  int64_t bytes_read() const { return bytes_read_; }

 private:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  arrow::MemoryPool* pool_;
  std::atomic<int64_t> bytes_read_ = 0;
};

/// Some ranges of a file, held in memory. Thread-safe once all are added.
class FetchedRanges : public PositionalFile {
 public:
  explicit FetchedRanges(int64_t file_size) : file_size_(file_size) {}
  /// Adds the bytes at `offset`, which lie after all that were added before.
  void Add(int64_t offset, std::shared_ptr<arrow::Buffer> bytes) {
    pieces_.push_back({offset, std::move(bytes)});
  }

  /// Reads `ranges` from `file`; near and overlapping ranges are read as one.
  /// Stops between two reads when `stop` is requested.
  static Result<std::shared_ptr<FetchedRanges>> Fetch(
      arrow::io::RandomAccessFile& file, std::vector<arrow::io::ReadRange> ranges,
      arrow::MemoryPool* pool, const arrow::StopToken& stop);

  Result<int64_t> GetSize() override { return file_size_; }
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                int64_t nbytes) override;

 private:
  struct Piece {
    int64_t offset;
    std::shared_ptr<arrow::Buffer> bytes;
  };

  int64_t file_size_;
  std::vector<Piece> pieces_;  ///< ascending, disjoint
};

}  // namespace windrow::source
