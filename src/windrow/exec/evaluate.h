// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "windrow/base/status.h"

namespace arrow::compute {
class Expression;
}

namespace windrow::exec {

/// The value of `expression`, bound to the schema of `batch`, for each row: always an
/// array of the batch's length, a constant repeated. On the calling thread, from `pool`.
/// A failure of the values (overflow, text that does not convert) is a DataError naming
/// `text`, or the expression as Arrow prints it when `text` is empty. Thread-safe.
Result<std::shared_ptr<arrow::Array>> Evaluate(
    const arrow::compute::Expression& expression, const arrow::RecordBatch& batch,
    arrow::MemoryPool* pool, std::string_view text = {});

}  // namespace windrow::exec
