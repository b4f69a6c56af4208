// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace windrow::exec {

/// Brings items made in parallel into order. Each producer has a lane; items leave lane
/// by lane in ascending lane number, first in first out within a lane, one at a time, on
/// whichever thread delivered the item that became due. Nobody waits: a producer that is
/// far ahead parks itself and is resumed when an item of its lane has left. Thread-safe.
///
/// Example: lanes 0 and 1; lane 1 delivers x, lane 0 delivers a, closes: a leaves, then
/// x.
template <typename Item>
class OrderedLanes {
 public:
  /// `take` receives the items. Unordered lanes hand items over as they come, still one
  /// at a time. `lane_left` is called once for each lane when it is closed and its last
  /// item was taken.
  OrderedLanes(bool ordered, std::function<void(Item)> take,
               std::function<void()> lane_left)
      : ordered_(ordered), take_(std::move(take)), lane_left_(std::move(lane_left)) {}

  /// Lanes are opened in ascending order, before anything is delivered to them.
  void Open(int64_t lane) {
    const std::scoped_lock lock(mutex_);
    lanes_.try_emplace(lane);
  }

  void Deliver(int64_t lane, Item item) {
    std::unique_lock lock(mutex_);
    lanes_.at(lane).items.push_back(std::move(item));
    Drain(lock);
  }

  /// No more items for `lane`.
  void Close(int64_t lane) {
    std::unique_lock lock(mutex_);
    lanes_.at(lane).closed = true;
    Drain(lock);
  }

  /// If `lane` already holds as many items as it may, keeps `resume` to be called when
  /// one of them leaves, and returns true: the producer must then return. `resume` must
  /// not call back into the lanes.
  bool Park(int64_t lane, std::function<void()> resume) {
    const std::scoped_lock lock(mutex_);
    Lane& parked = lanes_.at(lane);
    if (parked.items.size() < kMaxWaiting) return false;
    parked.resume = std::move(resume);
    return true;
  }

 private:
  /// Items a lane may hold. Few, since each is a whole batch; more than one, so that a
  /// short stall of the next lane or of the taker does not stop the others.
  static constexpr size_t kMaxWaiting = 4;

  struct Lane {
    std::deque<Item> items;
    bool closed = false;
    std::function<void()> resume;
  };

  void Drain(std::unique_lock<std::mutex>& lock) {
    if (draining_) return;
    draining_ = true;
    while (Lane* lane = NextLane()) {
      Item item = std::move(lane->items.front());
      lane->items.pop_front();
      if (auto resume = std::exchange(lane->resume, nullptr)) resume();
      lock.unlock();
      take_(std::move(item));
      lock.lock();
    }
    draining_ = false;
  }

  /// The lane with the item that is due, or null. Lanes that are through leave first.
  Lane* NextLane() {
    RemoveFinished();
    for (auto& [number, lane] : lanes_) {
      if (!lane.items.empty()) return &lane;
      if (ordered_) break;
    }
    return nullptr;
  }

  /// Drops leading lanes that are closed and empty.
  void RemoveFinished() {
    while (!lanes_.empty() && lanes_.begin()->second.closed &&
           lanes_.begin()->second.items.empty()) {
      lanes_.erase(lanes_.begin());
      lane_left_();
    }
  }

  const bool ordered_;
  const std::function<void(Item)> take_;
  const std::function<void()> lane_left_;
  std::mutex mutex_;
  std::map<int64_t, Lane> lanes_;
  bool draining_ = false;
};

}  // namespace windrow::exec
