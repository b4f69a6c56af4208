// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/fs/listing.h"
#include "windrow/fs/object_store.h"

namespace windrow::fs {

/// The data files that each of `patterns` names: of local ones by ListFiles, of paths in
/// an object store by the same rules, with prefixes as folders. One list a pattern;
/// stores are asked for all of them at once. With `may_be_missing` a pattern that names
/// nothing has no files.
Result<std::vector<std::vector<FileEntry>>> ListFiles(
    const std::vector<std::string>& patterns, const ObjectAccess& access,
    bool may_be_missing = false);

/// The data files below `folder`, local or in an object store, none if there are none;
/// nothing when the folder is absent. A bucket that is absent, or a folder that cannot be
/// read, is a storage error.
Result<std::optional<std::vector<FileEntry>>> ListFolder(const std::string& folder,
                                                         const ObjectAccess& access);

}  // namespace windrow::fs
