// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/table.h"

namespace windrow::source {

/// A table of rows that are in memory already, whose batches all have `schema`. Views and
/// run-end-encoded columns come out flat, all else as it is, without a copy. The rows are
/// not counted in any budget. `description` is for explain, `scan_kind` a literal for
/// exec::Table::scan_kind.
std::shared_ptr<exec::Table> MakeMemoryTable(
    std::shared_ptr<arrow::Schema> schema,
    std::vector<std::shared_ptr<arrow::RecordBatch>> rows, std::string description,
    const char* scan_kind = "scan");

}  // namespace windrow::source
