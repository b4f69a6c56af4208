// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <functional>

#include "windrow/base/status.h"

namespace windrow::service {

/// Rows of a table on their way to a client, the end mark (flight/stream_mark.h) last.
/// Used by one thread; Cancel may be called by others.
class TableStream : public arrow::flight::FlightDataStream {
 public:
  /// Told once when the stream is over: messages and bytes of their bodies handed out.
  using OnEnd = std::function<void(int64_t messages, int64_t bytes)>;

  /// Makes the stream fail soon, with `reason`.
  virtual void Cancel(const Status& reason) = 0;
};

}  // namespace windrow::service
