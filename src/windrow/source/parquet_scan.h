// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/source/parquet_file.h"

namespace windrow::source {

/// A scan of `file` with one unit per row group that may match. A unit holds the stored
/// bytes of its columns from NextUnit until its last batch.
Result<std::unique_ptr<exec::Source>> MakeParquetScan(
    std::shared_ptr<const ParquetFile> file, const exec::ScanOptions& options,
    exec::RunContext* context);

}  // namespace windrow::source
