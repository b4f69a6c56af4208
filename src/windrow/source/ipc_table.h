// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "windrow/exec/table.h"

namespace windrow::source {

/// Opens an Arrow IPC file or stream on a local disk: maps it and reads its metadata,
/// some microseconds per record batch. Uncompressed columns are read in place; of
/// compressed ones only those asked for are decompressed. Columns of views and
/// run-end-encoded columns come out as string, binary or their value type, which schema()
/// shows. Statistics are null counts only.
///
/// Errors name `path`: StorageError when it is missing or unreadable; DataError when it
/// is a directory, no Arrow IPC data, or cut. Damage inside a batch is a DataError of the
/// read. The file must not be shortened while the table or arrays read from it live.
Result<std::shared_ptr<exec::Table>> OpenIpcTable(const std::string& path);

class MappedFile;

/// The same for one that is mapped already.
Result<std::shared_ptr<exec::Table>> OpenIpcTable(const std::string& path,
                                                  std::shared_ptr<MappedFile> mapped);

}  // namespace windrow::source
