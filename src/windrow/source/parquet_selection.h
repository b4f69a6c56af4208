// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "windrow/base/status.h"

namespace parquet {
class ColumnChunkMetaData;
class ColumnDescriptor;
class RowGroupReader;
}  // namespace parquet

namespace windrow::source {

/// True when SelectRows may read the column chunk as `type`: a flat column whose stored
/// values are those of `type`, in plain or dictionary encoding.
bool CanSelect(const parquet::ColumnDescriptor& leaf,
               const parquet::ColumnChunkMetaData& chunk, const arrow::DataType& type);

/// The ascending `rows` of a column chunk for which CanSelect holds, as an array of
/// `type`. Pages without a wanted row are not decompressed, values that are not wanted
/// are stepped over. Null when a page turns out to be encoded in another way. Damaged
/// pages are a DataError; also throws what Parquet throws.
Result<std::shared_ptr<arrow::Array>> SelectRows(
    parquet::RowGroupReader& row_group, int leaf,
    const std::shared_ptr<arrow::DataType>& type, std::span<const uint32_t> rows,
    arrow::MemoryPool* pool);

}  // namespace windrow::source
