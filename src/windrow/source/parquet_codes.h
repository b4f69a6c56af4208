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
  kLikely  ///< probably kPages, but the writer did not record it
};

CodeStorage CodeStorageOf(const parquet::ColumnChunkMetaData& chunk);

/// Decodes the codes and the dictionary of flat leaf column `leaf`, whose storage is
/// kPages, without touching a value: dictionary<int32, value_type> of `num_rows` rows.
/// `value_type` is a string or binary type with 32-bit or 64-bit offsets. Throws what
/// Parquet throws.
Result<std::shared_ptr<arrow::Array>> DecodeCodes(
    parquet::RowGroupReader& row_group, int leaf, int64_t num_rows,
    const std::shared_ptr<arrow::DataType>& value_type, arrow::MemoryPool* pool);

}  // namespace windrow::source
