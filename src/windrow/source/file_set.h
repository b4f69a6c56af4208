// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/fs/object_store.h"
#include "windrow/source/declared_schema.h"

namespace windrow::source {

enum class FileKind { kIpc, kParquet, kArrayRecord };

/// The format of a file: by the endings .arrayrecord and .array_record, else by its
/// content. Anything unknown is kIpc, whose reader says what it found.
FileKind FileKindOf(const std::string& path);

/// Opens the files that `patterns` name (paths, folders, globs, local or in the object
/// store of `access`; see fs::ListFiles) as one table: their rows in the order of the
/// patterns and, within one, of the paths' bytes. The format is `kind`, or FileKindOf
/// each file. An object that changes before its last row is read is a StorageError.
///
/// Folders named key=value add a column `key` after the files' own, int64 when all values
/// are integers, else string, unless the files have a column of that name. All files must
/// have the same columns: the first that differs is a DataError naming both files, the
/// column and both types.
///
/// With `declared`, the columns are those, whatever each file has (declared_schema.h).
/// `access` says how object stores are reached.
Result<std::shared_ptr<exec::Table>> OpenFiles(
    const std::vector<std::string>& patterns, std::optional<FileKind> kind,
    const fs::ObjectAccess& access = {},
    const std::optional<DeclaredSchema>& declared = std::nullopt);

}  // namespace windrow::source
