// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "windrow/base/status.h"

namespace windrow::exec {

/// Hands values from one thread to another, at most so many bytes ahead: whoever is too
/// fast waits. Ends with a Status when the writer is done, or at once when the reader
/// wants no more. Thread-safe.
template <typename T>
class Channel {
 public:
  /// One value always has room, however large.
  explicit Channel(int64_t most_bytes) : most_bytes_(most_bytes) {}

  /// Waits for room. False when the reader wants no more; the value is then dropped.
  bool Push(T value, int64_t bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return is_cancelled_ || values_.empty() || bytes_ + bytes <= most_bytes_;
    });
    return Add(std::move(value), bytes);
  }

  /// Adds a value however full it is. False as with Push.
  bool PushNow(T value, int64_t bytes) {
    const std::scoped_lock lock(mutex_);
    return Add(std::move(value), bytes);
  }

  /// Of what it holds now.
  int64_t bytes() const {
    const std::scoped_lock lock(mutex_);
    return bytes_;
  }

  /// True when it is full: `resume` is then called once, by the reader's thread, when it
  /// no longer is or the reader wants no more.
  bool AwaitRoom(std::function<void()> resume) {
    const std::scoped_lock lock(mutex_);
    if (is_cancelled_ || bytes_ < most_bytes_) return false;
    resumes_.push_back(std::move(resume));
    return true;
  }

  /// No value follows; after the last one the reader gets `status`. The first call
  /// counts.
  void Close(Status status = Status::OK()) {
    const std::scoped_lock lock(mutex_);
    if (!end_.has_value()) end_ = std::move(status);
    changed_.notify_all();
  }

  /// Waits for the next value; nothing at the end, or when `is_gone`, which is asked
  /// several times a second, says that nobody wants it.
  template <typename IsGone>
  Result<std::optional<T>> Pop(const IsGone& is_gone) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::milliseconds(100),
                              [&] { return !values_.empty() || end_.has_value(); })) {
      if (is_gone()) return std::optional<T>();
    }
    if (values_.empty()) {
      if (!end_->ok()) return *end_;
      return std::optional<T>();
    }
    std::optional<T> value = std::move(values_.front().first);
    bytes_ -= values_.front().second;
    values_.pop_front();
    changed_.notify_all();
    if (bytes_ < most_bytes_) Resume(&lock);
    return value;
  }

  Result<std::optional<T>> Pop() {
    return Pop([] { return false; });
  }

  /// The reader wants no more: what is held is dropped and every Push returns false.
  void Cancel() {
    std::unique_lock lock(mutex_);
    is_cancelled_ = true;
    values_.clear();
    bytes_ = 0;
    changed_.notify_all();
    Resume(&lock);
  }

 private:
  /// Needs the lock.
  bool Add(T value, int64_t bytes) {
    if (is_cancelled_) return false;
    values_.emplace_back(std::move(value), bytes);
    bytes_ += bytes;
    changed_.notify_all();
    return true;
  }

  void Resume(std::unique_lock<std::mutex>* lock) {
    const std::vector<std::function<void()>> resumes = std::exchange(resumes_, {});
    lock->unlock();
    for (const auto& resume : resumes) resume();
  }

  const int64_t most_bytes_;
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<std::pair<T, int64_t>> values_;
  std::vector<std::function<void()>> resumes_;
  int64_t bytes_ = 0;
  bool is_cancelled_ = false;
  std::optional<Status> end_;
};

}  // namespace windrow::exec
