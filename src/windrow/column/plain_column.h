// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"

namespace windrow::column {

/// The values of a dictionary column; any other column as it is. A code outside the
/// dictionary is Status code IndexError.
Result<std::shared_ptr<arrow::Array>> PlainColumn(
    const std::shared_ptr<arrow::Array>& column, arrow::MemoryPool* pool);

}  // namespace windrow::column
