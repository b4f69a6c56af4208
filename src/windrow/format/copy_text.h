// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/copy_type.h"

namespace windrow::format {

/// Rows in PostgreSQL's COPY text format: fields with tabs between them, a line each, \N
/// for null. Takes what EncodeCopyRows takes.
Result<std::shared_ptr<arrow::Buffer>> EncodeCopyText(
    const std::vector<CopyType>& types,
    const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t num_rows,
    arrow::MemoryPool* pool);

}  // namespace windrow::format
