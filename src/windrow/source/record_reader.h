// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/source/array_record_file.h"

namespace windrow::source {

/// Records of ArrayRecord files by their number, in any order: those of the first file,
/// then those of the next. Immutable and thread-safe; each read is one request to the
/// file for the chunk that holds the record.
class RecordReader {
 public:
  /// Opens the local files that `patterns` name (paths, folders, globs). Errors are those
  /// of OpenArrayRecordFile; UserError when a pattern names none.
  static Result<std::unique_ptr<RecordReader>> Open(
      const std::vector<std::string>& patterns);

  int64_t num_records() const { return offsets_.back(); }
  /// The bytes of a record, in memory of `pool`. UserError when there is none of that
  /// number; errors of the file name it and the place.
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t number,
                                              arrow::MemoryPool* pool) const;
  /// Name of the file that a record is in.
  const std::string& PathOf(int64_t number) const;

 private:
  size_t FileOf(int64_t number) const;

  std::vector<std::shared_ptr<const ArrayRecordFile>> files_;
  std::vector<int64_t> offsets_ = {0};  ///< per file its first record; last: all
};

/// The rows of the Arrow IPC stream that `record` holds; with a `column`, those of the
/// stream that this binary column of its only row holds. They lie in `record`, which they
/// keep, and are fully validated. DataError when that is not what it holds.
Result<std::shared_ptr<arrow::RecordBatch>> ReadIpcRecord(
    const std::shared_ptr<arrow::Buffer>& record, const std::string& column,
    arrow::MemoryPool* pool);

}  // namespace windrow::source
