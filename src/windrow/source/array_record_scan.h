// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/source/array_record_file.h"

namespace windrow::source {

/// A scan of `file` with one unit for each of its ranges. A unit holds the stored bytes
/// from NextUnit until its last batch. Without columns only the footer is used.
Result<std::unique_ptr<exec::Source>> MakeArrayRecordScan(
    std::shared_ptr<const ArrayRecordFile> file, const exec::ScanOptions& options,
    exec::RunContext* context);

}  // namespace windrow::source
