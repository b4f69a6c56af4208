// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::fs {

/// A column value held by a folder name such as `day=2024-05-01`; null for
/// `__HIVE_DEFAULT_PARTITION__`. Both parts are URL-decoded (%XX).
using PartitionValue = std::pair<std::string, std::optional<std::string>>;

struct FileEntry {
  std::string path;
  int64_t size_bytes = 0;
  /// One for each `key=value` folder of the path, outermost first.
  std::vector<PartitionValue> partitions;
  /// Of objects: when they were last changed, in nanoseconds since 1970.
  int64_t changed_at = 0;
};

/// The local data files that `pattern` names, sorted by the bytes of their paths.
///
/// - A path that exists is taken as it is, even if it holds glob characters. A folder
///   stands for every file below it; it may be empty.
/// - Otherwise a glob: `*`, `?` and `[ab]` match inside one path component, `**` any
///   number of folders. A folder that matches stands for every file below it.
///
/// Names that start with '.' or '_' are skipped, unless the pattern writes that
/// character; a partition folder such as `_part=1` is not skipped. Symbolic links are
/// followed. Errors are storage errors: nothing there (unless `may_be_missing`), or a
/// folder that cannot be read.
Result<std::vector<FileEntry>> ListFiles(const std::string& pattern,
                                         bool may_be_missing = false);

/// The `key=value` folders of `path`, outermost first.
std::vector<PartitionValue> PartitionsOf(const std::string& path);

}  // namespace windrow::fs
