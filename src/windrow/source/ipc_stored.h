// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/source/ipc_file.h"

namespace windrow::source {

/// The file's batches of `columns` as they lie there. Null when one is not compressed, or
/// not by the codec of the others, or has metadata of version 4; and when a column needs
/// more than its own buffers (a dictionary, views) or is handed out as another type.
std::shared_ptr<const exec::StoredBatches> StoredIpcBatches(
    std::shared_ptr<const IpcFile> file, const std::vector<int>& columns);

}  // namespace windrow::source
