// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/table.h"
#include "windrow/source/ipc_file.h"

namespace windrow::source {

/// A scan of `file`. Units are slices of a batch where the asked columns are read in
/// place, otherwise whole batches, which are decoded on the worker; small batches share a
/// unit.
Result<std::unique_ptr<exec::Source>> ScanIpcFile(std::shared_ptr<const IpcFile> file,
                                                  const exec::ScanOptions& options,
                                                  exec::RunContext* context);

}  // namespace windrow::source
