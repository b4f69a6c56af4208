// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "windrow/base/status.h"

namespace parquet {
class ColumnChunkMetaData;
class RowGroupReader;
}  // namespace parquet

namespace windrow::source {

/// How a string or binary column chunk can be read as a dictionary.
enum class CodeStorage {
  kNone,   ///< some pages hold plain values; making a dictionary would hash each one
  kPages,  ///< every data page holds dictionary codes: DecodeCodes reads it
  kLikely  ///< probably kPages, but the writer did not record it as Arrow needs it
};

CodeStorage CodeStorageOf(const parquet::ColumnChunkMetaData& chunk);

/// The type in which codes of a column of `type` come: dictionary<int32, type> for string
/// and binary types, `type` itself when it is such a dictionary, else null.
std::shared_ptr<arrow::DataType> CodesTypeOf(
    const std::shared_ptr<arrow::DataType>& type);

/// Reads a flat column chunk, whose storage is kPages, as codes, piece by piece and
/// without touching a value. Throws what Parquet throws. Used by one thread at a time.
class CodeReader {
 public:
  /// `type` is one that CodesTypeOf returns.
  static Result<std::unique_ptr<CodeReader>> Open(parquet::RowGroupReader& row_group,
                                                  int leaf,
                                                  std::shared_ptr<arrow::DataType> type,
                                                  arrow::MemoryPool* pool);
  ~CodeReader();

  /// The next `num_rows` rows; it is an error if there are fewer. The arrays of all calls
  /// share one dictionary.
  Result<std::shared_ptr<arrow::Array>> Next(int64_t num_rows);

 private:
  struct Stored;
  CodeReader(std::unique_ptr<Stored> stored, std::shared_ptr<arrow::DataType> type,
             arrow::MemoryPool* pool);

  std::unique_ptr<Stored> stored_;
  std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<arrow::Array> dictionary_;  ///< null before the first call
  arrow::MemoryPool* pool_;
};

/// All `num_rows` rows of flat leaf column `leaf` in one array.
Result<std::shared_ptr<arrow::Array>> DecodeCodes(parquet::RowGroupReader& row_group,
                                                  int leaf, int64_t num_rows,
                                                  std::shared_ptr<arrow::DataType> type,
                                                  arrow::MemoryPool* pool);

}  // namespace windrow::source
