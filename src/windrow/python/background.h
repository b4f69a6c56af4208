// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "windrow/python/raise.h"

namespace windrow::python {

/// Runs `work` on a thread of its own while the caller waits for Ctrl-C, which stops the
/// token and raises KeyboardInterrupt. For work that may wait for a server. `work` is
/// copied: after an interrupt it may outlive the call for a moment.
template <typename T, typename Work>
T InBackground(Work work) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended;
    std::optional<Result<T>> result;
    arrow::StopSource stop;
  };
  const auto shared = std::make_shared<Shared>();
  std::thread([shared, work = std::move(work)]() mutable {
    Result<T> result = work(shared->stop.token());
    const std::scoped_lock lock(shared->mutex);
    shared->result = std::move(result);
    shared->ended.notify_all();
  }).detach();
  AwaitOrInterrupt(
      [&] {
        std::unique_lock lock(shared->mutex);
        return shared->ended.wait_for(lock, std::chrono::milliseconds(100),
                                      [&] { return shared->result.has_value(); });
      },
      [&] { shared->stop.RequestStop(); });
  return ValueOrRaise(*std::move(shared->result));
}

}  // namespace windrow::python
