// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace windrow::column {

/// Bytes of the values of rows [offset, offset + length) of `batch`: of strings and lists
/// what they hold, of dictionaries the codes, without bitmaps and offsets. Additive, so
/// that a cut by bytes does not depend on how rows came in batches. Constant time a
/// column, except for string views.
int64_t ValueBytes(const arrow::RecordBatch& batch, int64_t offset, int64_t length);

}  // namespace windrow::column
