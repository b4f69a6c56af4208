// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "windrow/base/status.h"
#include "windrow/exec/memory_budget.h"

namespace windrow::exec {

/// A share of a run's budget for memory that comes from elsewhere, because it may have to
/// outlive the run: the target of a read that nobody waits for any more. Given back when
/// this object goes. Without a budget it counts nothing.
class MemoryHold {
 public:
  MemoryHold() = default;
  MemoryHold(MemoryHold&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryHold& operator=(MemoryHold&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MemoryHold() {
    if (budget_ != nullptr) budget_->GiveBack(bytes_);
  }

  /// Has others spill where there is no room.
  static Result<MemoryHold> Take(MemoryBudget* budget, int64_t bytes) {
    if (budget != nullptr) ARROW_RETURN_NOT_OK(budget->Take(bytes));
    return MemoryHold(budget, bytes);
  }
  /// Nothing where there is no room.
  static std::optional<MemoryHold> TryTake(MemoryBudget* budget, int64_t bytes) {
    if (budget != nullptr && !budget->TryTake(bytes)) return std::nullopt;
    return MemoryHold(budget, bytes);
  }

 private:
  MemoryHold(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

  MemoryBudget* budget_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace windrow::exec
