// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "windrow/base/status.h"

namespace windrow {

/// The whole content of a file; nothing when it cannot be read or is a folder.
std::optional<std::string> ReadTextFile(const std::string& path);

/// The one word that a file of a token holds. UserError when it cannot be read, or holds
/// none or several.
Result<std::string> ReadToken(const std::string& path);

}  // namespace windrow
