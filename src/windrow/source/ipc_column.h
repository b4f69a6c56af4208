// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "windrow/base/status.h"
#include "windrow/source/ipc_file.h"

namespace windrow::source {

/// True for null, bool, numbers, decimals, dates and times, intervals, fixed-size binary,
/// and binary and string with their large forms.
bool IsPlainIpcType(const arrow::DataType& type);

/// How much of the offsets of a variable-size column is checked. kEnds leaves the
/// checking of the offsets in between to whoever reads them: a gather of few rows of a
/// mapped column must not read all of it.
enum class OffsetCheck { kAll, kEnds };

/// Rows [begin, begin + count) of a plain column of one batch. The buffers are those of
/// the mapped file, or decompressed into memory of `pool`; the rows must lie within the
/// batch.
///
/// What is checked, so that no kernel can leave the buffers: their sizes, the number of
/// nulls against the validity bits, and for variable-size values that the offsets of
/// these rows ascend within the values. Not checked: that strings are UTF-8, that times
/// are in range. A wrong count of nulls in the metadata is replaced by the counted one; a
/// column it calls all null is null, and its buffers are not touched.
Result<std::shared_ptr<arrow::Array>> LoadPlainIpcColumn(const IpcFile& file, int batch,
                                                         int column, int64_t begin,
                                                         int64_t count, OffsetCheck check,
                                                         arrow::MemoryPool* pool);

}  // namespace windrow::source
