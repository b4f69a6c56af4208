// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace windrow::op {

/// How many groups a collect has, for a step after it that needs to know before the first
/// one arrives.
struct CollectedGroups {
  /// Set before the first group is emitted; negative until then.
  std::atomic<int64_t> count = -1;
};

}  // namespace windrow::op
