// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <utility>

#include "windrow/runner/local_runner.h"

namespace windrow::service {

/// Divides a server's memory among its runs: each gets half of what is left, at least
/// what a run needs. Thread-safe.
class MemoryShares {
 public:
  /// What one run may hold, until it is destroyed.
  class Share {
   public:
    Share(MemoryShares* shares, int64_t bytes) : shares_(shares), bytes_(bytes) {}
    Share(Share&& other) noexcept
        : shares_(std::exchange(other.shares_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (shares_ != nullptr) shares_->GiveBack(bytes_);
    }
    int64_t bytes() const { return bytes_; }

   private:
    MemoryShares* shares_;
    int64_t bytes_;
  };

  explicit MemoryShares(int64_t bytes) : left_(bytes) {}

  Share Take() {
    const std::scoped_lock lock(mutex_);
    const int64_t bytes = std::max(left_ / 2, runner::kLeastMemoryBytes);
    left_ -= bytes;
    return Share(this, bytes);
  }

 private:
  void GiveBack(int64_t bytes) {
    const std::scoped_lock lock(mutex_);
    left_ += bytes;
  }

  std::mutex mutex_;
  int64_t left_;  ///< below 0 where many runs have the least
};

}  // namespace windrow::service
