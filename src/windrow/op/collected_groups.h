// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace windrow::op {

/// What a collect lets the steps after it know.
struct CollectedGroups {
  /// Number of groups; -1 until the collect knows it, which is before its first row comes
  /// out.
  std::atomic<int64_t> count = -1;
};

}  // namespace windrow::op
