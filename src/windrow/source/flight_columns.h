// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::source {

/// The columns of a server's table as a scan hands them out: types that few kernels have
/// come out flat (IpcOutputType).
std::shared_ptr<arrow::Schema> FlightOutputSchema(const arrow::Schema& served);

/// What keeps tables of these columns from being parts of one, in a few words ("column
/// 'x' is int32, there int64"); "": nothing.
std::string DifferenceOf(const arrow::Schema& columns, const arrow::Schema& there);

/// The columns `wanted` of a batch that a server sent, which may have others besides, in
/// another order, and types that come out flat. DataError, beginning with `place`, when a
/// column is missing or of another type. `is_trusted`: values need no validation.
Result<std::shared_ptr<arrow::RecordBatch>> ColumnsOfBatch(
    std::string_view place, const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::Schema>& wanted, bool is_trusted,
    arrow::MemoryPool* pool);

}  // namespace windrow::source
