// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/base/status.h"

namespace windrow::fs {

// Outputs that appear as a whole are written under a hidden name next to their target,
// ".NAME.windrow-PID-RANDOM.tmp". The run that writes one holds a lock (flock) on it.

struct SplitPath {
  std::string folder;  ///< "." when the path has none
  std::string name;

  static SplitPath Of(const std::string& path);
};

/// A name for a temporary of `target`, most likely not taken.
std::string NewTemporaryPath(const SplitPath& target);

/// Removes the temporaries of `target`, files or folders, that killed runs left.
void RemoveStaleTemporaries(const SplitPath& target);

/// `path` with links resolved when it exists.
std::string ResolveLinks(const std::string& path);

/// Writes the entries of `folder` to the device. Errors name `path`.
Status SyncFolder(const std::string& path, const std::string& folder);

}  // namespace windrow::fs
