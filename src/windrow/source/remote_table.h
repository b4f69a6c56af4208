// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/fs/listing.h"
#include "windrow/fs/object_store.h"
#include "windrow/source/file_set.h"

namespace windrow::source {

/// Opens objects of a store, many at once, in their order. Without a `kind` the ending of
/// the name or of the object decides. Of a Parquet file only the end is read; an Arrow
/// IPC file is fetched whole into a temporary file. UserError for ArrayRecord.
Result<std::vector<std::shared_ptr<exec::Table>>> OpenRemoteTables(
    const std::vector<fs::FileEntry>& objects, std::optional<FileKind> kind,
    const fs::ObjectAccess& access);

/// Lists `patterns` again: StorageError when one of `objects` is no longer what it was.
/// One that has gone meanwhile is none, since all its bytes were read before.
Status CheckUnchanged(const std::vector<std::string>& patterns,
                      const std::vector<fs::FileEntry>& objects,
                      const fs::ObjectAccess& access);

}  // namespace windrow::source
