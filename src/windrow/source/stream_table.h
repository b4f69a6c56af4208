// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "windrow/exec/table.h"

namespace windrow::source {

/// A table whose rows are pulled from a reader while a scan goes on, so that it may be
/// larger than memory. Batches count in the run's budget until the last step lets go of
/// them. Rows cannot be addressed again, so a join keeps what it needs of them. `open` is
/// called once a scan, by the thread that fetches; the reader's batches have `schema`.
/// Views and run-end-encoded columns come out flat. `scan_kind`: a literal for
/// exec::Table::scan_kind.
std::shared_ptr<exec::Table> MakeStreamTable(
    std::shared_ptr<arrow::Schema> schema,
    std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()> open,
    bool is_read_once, const char* scan_kind = "scan");

}  // namespace windrow::source
