// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace windrow::sink {

/// The files that the manifest at `path` says its folder holds. Empty when there is no
/// manifest, or something else of its name.
std::set<std::string> FilesOfManifest(const std::string& path);

}  // namespace windrow::sink
