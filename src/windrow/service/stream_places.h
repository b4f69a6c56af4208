// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "windrow/base/status.h"

namespace windrow::service {

/// Lets so many streams run at once; others wait their turn for a while. Thread-safe.
class StreamPlaces {
 public:
  /// One of the places, until it is destroyed.
  class Place {
   public:
    explicit Place(StreamPlaces* places) : places_(places) {}
    Place(Place&& other) noexcept : places_(std::exchange(other.places_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (places_ != nullptr) places_->Leave();
    }

   private:
    StreamPlaces* places_;
  };

  StreamPlaces(int count, std::chrono::milliseconds patience)
      : count_(count), patience_(patience), free_(count) {}

  /// ResourceError when none becomes free in time, StorageError after Close. Gives up
  /// when `is_gone`, asked several times a second, says that nobody waits any more.
  template <typename IsGone>
  Result<Place> Enter(const IsGone& is_gone) {
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    std::unique_lock lock(mutex_);
    while (free_ == 0 && !is_closed_) {
      if (is_gone()) return Fail(Blame::kCancelled, "the client has gone");
      if (std::chrono::steady_clock::now() >= deadline) {
        return ResourceError("found all ", count_,
                             " streams of this server busy; expected to wait less long");
      }
      freed_.wait_for(lock, std::chrono::milliseconds(100));
    }
    if (is_closed_) return StorageError("the server stops");
    --free_;
    return Place(this);
  }

  /// Nobody enters any more.
  void Close() {
    const std::scoped_lock lock(mutex_);
    is_closed_ = true;
    freed_.notify_all();
  }

  int taken() {
    const std::scoped_lock lock(mutex_);
    return count_ - free_;
  }

 private:
  void Leave() {
    const std::scoped_lock lock(mutex_);
    ++free_;
    freed_.notify_one();
  }

  const int count_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
  bool is_closed_ = false;
};

}  // namespace windrow::service
