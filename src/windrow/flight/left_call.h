// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "windrow/base/status.h"

namespace windrow::flight {

/// Makes a call that nothing can break off, on a thread of its own, and waits for it.
/// `check` is asked several times a second; when it fails, so does this, and the thread
/// is left behind, to drop what the call returns when it returns at last. So `call` owns
/// all that it uses; what it returns is destroyed before `call` is.
template <typename T>
Result<T> CallOrLeave(std::function<Result<T>()> call,
                      const std::function<Status()>& check) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Result<T>> result;
  };
  auto shared = std::make_shared<Shared>();
  std::thread([shared, call = std::move(call)]() mutable {
    Result<T> result = call();
    {
      const std::scoped_lock lock(shared->mutex);
      shared->result.emplace(std::move(result));
      shared->changed.notify_all();
    }
    shared.reset();
  }).detach();
  std::unique_lock lock(shared->mutex);
  while (!shared->changed.wait_for(lock, std::chrono::milliseconds(50),
                                   [&] { return shared->result.has_value(); })) {
    ARROW_RETURN_NOT_OK(check());
  }
  return *std::move(shared->result);
}

}  // namespace windrow::flight
