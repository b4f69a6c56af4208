// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>
#include <arrow/util/future.h>
#include <arrow/util/thread_pool.h>

#include <utility>

#include "windrow/base/status.h"

namespace windrow::fs {

/// The threads that wait for object stores: one pool for the process, started at first
/// use. A task must own all that it touches, since whoever waits for it may be stopped,
/// and must not wait for another task. Thread-safe.
class FetchThreads {
 public:
  /// Below the 25 connections of Arrow's S3 client, above the 16 that fill a fast line.
  static constexpr int kThreads = 24;

  /// Sets how many tasks run at once from now on; kThreads at first.
  static Status SetWidth(int threads);
  /// True when nothing is queued or running, waiting up to `seconds` for it.
  static bool WaitUntilIdle(double seconds);

  /// Queues `task`, a function that returns a Status or a Result; a future of the same.
  template <typename Task>
  static auto Start(Task task) {
    using Future = arrow::detail::ContinueFuture::ForReturn<decltype(task())>;
    arrow::Result<Future> future = Pool().Submit(std::move(task));
    return future.ok() ? *std::move(future) : Future::MakeFinished(future.status());
  }

 private:
  static arrow::internal::ThreadPool& Pool();
};

/// The outcome of `future`, or Cancelled soon after `stop` is requested.
template <typename T>
Result<T> WaitFor(const arrow::Future<T>& future, const arrow::StopToken& stop) {
  constexpr double kSecondsBetweenLooks = 0.05;
  while (!future.Wait(kSecondsBetweenLooks)) ARROW_RETURN_NOT_OK(stop.Poll());
  return future.result();
}

}  // namespace windrow::fs
