// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::exec {

class MemoryBudget;

/// Marks the calling thread as working for a Spill, which that budget must not make wait:
/// what it would wait for is the Spill itself. A parallel loop passes the mark on to the
/// threads that take part.
class SpillScope {
 public:
  explicit SpillScope(const MemoryBudget* budget) : outer_(current_) {
    current_ = budget;
  }
  ~SpillScope() { current_ = outer_; }
  SpillScope(const SpillScope&) = delete;
  SpillScope& operator=(const SpillScope&) = delete;

  /// The budget this thread spills for; null when it does not.
  static const MemoryBudget* Current() { return current_; }

 private:
  static inline thread_local const MemoryBudget* current_ = nullptr;
  const MemoryBudget* outer_;
};

}  // namespace windrow::exec
