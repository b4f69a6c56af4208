// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/errno_error.h"

#include <cerrno>
#include <cstring>
#include <string>

namespace windrow::fs {

Status ErrnoError(std::string_view path, std::string_view action, int error_number) {
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT;
  return Fail(is_full ? Blame::kResource : Blame::kStorage,
              std::string(path) + ": " + std::string(action) + ": " +
                  std::strerror(error_number));
}

}  // namespace windrow::fs
