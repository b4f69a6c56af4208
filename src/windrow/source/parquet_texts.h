// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"
#include "windrow/source/text_numbers.h"

namespace parquet {
class ColumnReader;
class RowGroupReader;
}  // namespace parquet

namespace windrow::source {

/// Reads a flat text column chunk as codes where its pages hold values, some of them or
/// all, as when its writer gave a dictionary up that grew too large. A value is looked up
/// in its page and copied only if it is the first of its kind in a piece; in a run of
/// equal values even looking up is spared. Throws what Parquet throws. Used by one thread
/// at a time.
class TextReader {
 public:
  /// `type` is dictionary<int32> of a string or binary type.
  static Result<std::unique_ptr<TextReader>> Open(parquet::RowGroupReader& row_group,
                                                  int leaf,
                                                  std::shared_ptr<arrow::DataType> type,
                                                  arrow::MemoryPool* pool);
  ~TextReader();

  /// The next `num_rows` rows; it is an error if there are fewer. One array, more of them
  /// where the values of one would take more than a GiB; each has a dictionary of its
  /// own.
  Result<std::shared_ptr<arrow::ChunkedArray>> Next(int64_t num_rows);

 private:
  struct Stored;
  TextReader(std::unique_ptr<Stored> stored, std::shared_ptr<arrow::DataType> type,
             arrow::MemoryPool* pool);
  Result<std::shared_ptr<arrow::Array>> NextPiece(int64_t rows_max);

  std::unique_ptr<Stored> stored_;
  std::shared_ptr<arrow::DataType> type_;
  TextNumbers numbers_;
  arrow::MemoryPool* pool_;
};

}  // namespace windrow::source
