// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace windrow::cli {

/// The whole content of a file; nothing when it cannot be read or is a folder.
std::optional<std::string> ReadTextFile(const std::string& path);

}  // namespace windrow::cli
