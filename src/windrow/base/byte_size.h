// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow {

/// Reads a size such as "2GiB", "64 MiB", "1.5gb" or "4096" (bytes). Binary (KiB, MiB,
/// GiB, TiB) and decimal (KB, MB, GB, TB) units, in any case; a bare K, M, G or T is
/// binary.
Result<int64_t> ParseByteSize(std::string_view text);

/// "1.5 GiB", "312 MiB", "17 B": three significant digits, binary units.
std::string FormatByteSize(int64_t bytes);

}  // namespace windrow
