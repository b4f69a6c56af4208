// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type_fwd.h>
#include <parquet/exception.h>

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "windrow/base/status.h"

namespace parquet {
class FileMetaData;
class ParquetFileReader;
class ReaderProperties;
}  // namespace parquet

namespace windrow::source {

class RemoteFile;

/// One opened Parquet file: its footer, read once, and what follows from it. Immutable
/// and thread-safe.
struct ParquetFile {
  std::string path;
  std::shared_ptr<arrow::io::RandomAccessFile> bytes;
  /// The same as `bytes` where the file is an object in a store, else null.
  std::shared_ptr<RemoteFile> remote;
  int64_t size = 0;
  std::shared_ptr<parquet::FileMetaData> metadata;
  /// Knows where column chunks lie; nothing is decoded with it.
  std::shared_ptr<parquet::ParquetFileReader> layout;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::vector<int>> leaves;  ///< per column, its Parquet leaf columns
  std::vector<int64_t> row_offsets;      ///< per row group its first row; last: all rows

  int num_row_groups() const { return static_cast<int>(row_offsets.size()) - 1; }
  int64_t num_rows(int row_group) const {
    return row_offsets[row_group + 1] - row_offsets[row_group];
  }
  /// "path: row group 3: column 'x'".
  std::string PlaceOf(int row_group, int column) const;
  /// The only leaf of a column that is not nested, else -1.
  int FlatLeaf(int column) const;
};

Result<std::shared_ptr<const ParquetFile>> OpenParquetFile(const std::string& path);
/// The same for an object whose end has been read.
Result<std::shared_ptr<const ParquetFile>> OpenParquetFile(
    std::shared_ptr<RemoteFile> remote);

/// Where a row group's share of `column` lies in the file.
Result<std::vector<arrow::io::ReadRange>> ColumnRanges(const ParquetFile& file,
                                                       int row_group, int column);

/// How every reader of the project reads: checksums verified, memory from `pool`.
parquet::ReaderProperties ReaderPropertiesOf(arrow::MemoryPool* pool);

/// The type a column of `stored` type has in the engine: views become plain.
std::shared_ptr<arrow::DataType> EngineType(
    const std::shared_ptr<arrow::DataType>& stored);

/// `array` with the type the engine gives the column, or a dictionary of it.
Result<std::shared_ptr<arrow::ChunkedArray>> ToEngineType(
    std::shared_ptr<arrow::ChunkedArray> array,
    const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool);

/// Runs `body`, which returns a Status, and turns what it throws into one.
template <typename Body>
Status CatchParquet(Body&& body) {
  try {
    return body();
  } catch (const parquet::ParquetStatusException& error) {
    return error.status();
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory("not enough memory to decode");
  } catch (const std::exception& error) {
    return Status::IOError(error.what());
  }
}

}  // namespace windrow::source
