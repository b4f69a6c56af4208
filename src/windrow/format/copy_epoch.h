// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace windrow::format {

/// 2000-01-01, where PostgreSQL counts from, as Arrow counts.
inline constexpr int32_t kCopyEpochDays = 10957;
inline constexpr int64_t kCopyEpochMicros = int64_t{kCopyEpochDays} * 86'400'000'000;

}  // namespace windrow::format
