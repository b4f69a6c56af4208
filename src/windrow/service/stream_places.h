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

  /// ResourceError when none becomes free in time.
  Result<Place> Enter() {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, patience_, [&] { return free_ > 0; })) {
      return ResourceError("found all ", count_,
                           " streams of this server busy; expected to wait less long");
    }
    --free_;
    return Place(this);
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
};

}  // namespace windrow::service
