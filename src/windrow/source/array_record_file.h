// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/array_record_index.h"

namespace windrow::source {

/// One opened ArrayRecord file: its footer, read once. Immutable and thread-safe.
///
/// Chunks may hold a record each, so they are scanned and found by ranges of neighbours
/// that are read at once: up to 4 MiB as stored and 8 MiB of records, or a single chunk.
struct ArrayRecordFile {
  std::string path;
  std::shared_ptr<arrow::io::RandomAccessFile> bytes;
  format::ArrayRecordIndex index;
  std::shared_ptr<arrow::Schema> schema;  ///< one column, `record`
  std::vector<int64_t> range_chunks;      ///< per range its first chunk; last: all chunks
  std::vector<int64_t> row_offsets;       ///< per range its first row; last: all rows

  int num_ranges() const { return static_cast<int>(range_chunks.size()) - 1; }

  /// Reads the bytes of the chunks from `first` to before `last`. Errors carry the path.
  Result<format::FileStretch> ReadChunks(int64_t first, int64_t last,
                                         arrow::MemoryPool* pool) const;
  /// The records of chunks `first` to before `last`, which `stretch` holds: a binary
  /// array. Errors carry path and position.
  Result<std::shared_ptr<arrow::Array>> DecodeChunks(const format::FileStretch& stretch,
                                                     int64_t first, int64_t last,
                                                     arrow::MemoryPool* pool) const;
};

/// Errors name `path`: StorageError when it cannot be read, DataError when it is no whole
/// ArrayRecord file.
Result<std::shared_ptr<const ArrayRecordFile>> OpenArrayRecordFile(
    const std::string& path);

}  // namespace windrow::source
