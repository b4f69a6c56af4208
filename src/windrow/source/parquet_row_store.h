// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/source/parquet_file.h"

namespace windrow::source {

/// A row store whose chunks are the row groups of `file`. LoadColumn reads and decodes
/// one column of one row group each time it is called; LoadRows decodes only the wanted
/// rows where the encoding lets it.
Result<std::shared_ptr<exec::RowStore>> MakeParquetRowStore(
    std::shared_ptr<const ParquetFile> file, exec::RunContext* context);

}  // namespace windrow::source
