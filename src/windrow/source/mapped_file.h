// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/base/status.h"
#include "windrow/fs/temp_file.h"

namespace windrow::source {

/// A local file mapped read-only. Slices keep the mapping alive. A file that is shortened
/// while mapped cannot be read past its new end: the process then gets SIGBUS, so writers
/// must replace files, not change them. Thread-safe.
class MappedFile {
 public:
  /// Errors name `path`: StorageError when it is missing or cannot be read, DataError
  /// when it is a directory.
  static Result<std::shared_ptr<MappedFile>> Open(const std::string& path);

  /// The first `size` bytes of a temporary file, which may be closed then. Errors name
  /// `path`, of which it holds the bytes.
  static Result<std::shared_ptr<MappedFile>> Map(const std::string& path,
                                                 const fs::TempFile& file, int64_t size);

  const uint8_t* data() const { return bytes_->data(); }
  int64_t size() const { return bytes_->size(); }
  /// The whole file.
  const std::shared_ptr<arrow::Buffer>& bytes() const { return bytes_; }
  std::shared_ptr<arrow::Buffer> Slice(int64_t offset, int64_t length) const {
    return arrow::SliceBuffer(bytes_, offset, length);
  }
  /// Waits until the bytes are in memory, where the system can do that, else asks for
  /// them.
  Status Fetch(int64_t offset, int64_t length) const;

 private:
  MappedFile(std::string path, std::shared_ptr<arrow::Buffer> bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}

  std::string path_;
  std::shared_ptr<arrow::Buffer> bytes_;
};

/// `size` bytes of zero that take no memory: every page is the system's zero page.
Result<std::shared_ptr<arrow::Buffer>> MapZeros(int64_t size);

}  // namespace windrow::source
