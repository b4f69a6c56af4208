// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"

namespace windrow::flight {

/// `batch` with columns that Arrow's IPC writer sends right. Of a slice of a union it
/// sends bytes behind the type codes too, which belong to others and may change (Arrow
/// 26, GetTruncatedBuffer). Columns with unions at any depth are copied, others shared.
Result<std::shared_ptr<arrow::RecordBatch>> SendableBatch(
    const std::shared_ptr<arrow::RecordBatch>& batch, arrow::MemoryPool* pool);

}  // namespace windrow::flight
