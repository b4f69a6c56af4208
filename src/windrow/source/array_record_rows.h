// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/source/array_record_file.h"

namespace windrow::source {

/// A row store whose chunks are the ranges of `file`. LoadColumn reads and decodes a
/// range each time; LoadRows only those chunks of the file that hold wanted rows.
std::shared_ptr<exec::RowStore> MakeArrayRecordRows(
    std::shared_ptr<const ArrayRecordFile> file, exec::RunContext* context);

}  // namespace windrow::source
