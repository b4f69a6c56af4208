// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/table.h"
#include "windrow/source/ipc_file.h"

namespace windrow::source {

/// The rows of `file` by number. A chunk is a record batch that is not empty. Arrays of
/// resident columns are made once and kept; others are decoded on every call.
std::shared_ptr<exec::RowStore> MakeIpcRows(std::shared_ptr<const IpcFile> file,
                                            exec::RunContext* context);

}  // namespace windrow::source
