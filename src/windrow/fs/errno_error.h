// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "windrow/base/status.h"

namespace windrow::fs {

/// "PATH: ACTION: what the system says of `error_number`". A full disk or quota is
/// Blame::kResource, whatever else the system refuses Blame::kStorage.
Status ErrnoError(std::string_view path, std::string_view action, int error_number);

}  // namespace windrow::fs
