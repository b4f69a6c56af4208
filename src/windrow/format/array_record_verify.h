// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include "windrow/base/status.h"
#include "windrow/format/array_record_index.h"

namespace arrow {
class StopToken;
}

namespace windrow::format {

/// Reads the whole file from its first byte: every block header, chunk header and hash,
/// every record decoded, the chunks in turn against the index, and no byte unaccounted
/// for (padding is zero, the three postscripts are equal). The first fault is a DataError
/// that names its position.
Status VerifyArrayRecord(const ArrayRecordIndex& index, const ReadAt& read,
                         const arrow::StopToken& stop, arrow::MemoryPool* pool);

}  // namespace windrow::format
