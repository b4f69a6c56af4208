// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::exec {

/// The CPU threads of a run: a work-stealing pool with a fixed number of workers. Workers
/// never wait for devices; I/O threads hand them work. Thread-safe.
class TaskSlots {
 public:
  /// `num_slots` >= 1 worker threads.
  explicit TaskSlots(int num_slots);
  ~TaskSlots();

  int num_slots() const { return num_slots_; }

  /// Whether the calling thread works for a run, and so must not wait for others.
  static bool IsWorker();

  /// Runs `task` on a worker, some time. The task must not throw and must handle its
  /// errors.
  void Enqueue(std::function<void()> task);

  /// Runs body(0) … body(count - 1) in parallel and returns the first failure. Callable
  /// from a worker (the caller takes part) and from outside. Later indices may be skipped
  /// after a failure. CPU time spent on other threads than the caller's is added to
  /// `cpu_nanos` when given; the caller's own is the caller's to measure.
  Status ParallelFor(int64_t count, const std::function<Status(int64_t)>& body,
                     std::atomic<int64_t>* cpu_nanos = nullptr);

 private:
  struct Arena;
  int num_slots_;
  std::unique_ptr<Arena> arena_;
};

/// One for each core.
int DefaultSlots();

/// CPU time of the calling thread, in nanoseconds.
int64_t ThreadCpuNanos();

}  // namespace windrow::exec
