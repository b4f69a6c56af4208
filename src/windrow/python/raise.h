// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <functional>
#include <utility>

#include "windrow/base/status.h"

namespace windrow::python {

/// A failed Status on its way to Python, where it becomes an exception of windrow.errors
/// by its blame. Thrown and caught at the border only.
class StatusError : public std::exception {
 public:
  explicit StatusError(Status status) : status_(std::move(status)) {}
  const char* what() const noexcept override { return status_.message().c_str(); }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

inline void RaiseIfFailed(const Status& status) {
  if (!status.ok()) throw StatusError(status);
}

template <typename T>
T ValueOrRaise(Result<T> result) {
  RaiseIfFailed(result.status());
  return *std::move(result);
}

/// Makes StatusError, and Arrow's failures in it, exceptions of windrow.errors.
void RegisterErrors();

/// Waits without the interpreter's lock. `wait_a_moment` returns within about a tenth of
/// a second and says whether what is awaited has come. On Ctrl-C calls `stop`, gives it a
/// second to take effect and raises KeyboardInterrupt. Call with the lock held.
void AwaitOrInterrupt(const std::function<bool()>& wait_a_moment,
                      const std::function<void()>& stop);

}  // namespace windrow::python
