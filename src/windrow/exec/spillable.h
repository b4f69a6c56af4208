// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "windrow/base/status.h"

namespace windrow::exec {

/// Holds memory that it can write to disk and take back later. Registered with the
/// MemoryBudget, which asks the one holding most when an allocation would not fit.
class Spillable {
 public:
  virtual ~Spillable() = default;
  /// Bytes that Spill would free now, by estimate. Thread-safe and cheap: called with
  /// locks of the budget held, so it must not wait for one and not allocate.
  virtual int64_t spillable_bytes() const = 0;
  /// Writes what it holds to disk and frees it. Called on whichever thread was denied
  /// memory, by one thread at a time, at any moment between the object's own critical
  /// sections; so those must not allocate from the budget. What Spill itself allocates
  /// comes from RunContext::spill_pool.
  virtual Status Spill() = 0;
};

}  // namespace windrow::exec
