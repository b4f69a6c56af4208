// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>
#include <arrow/ipc/dictionary.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "windrow/base/status.h"

namespace windrow::service {

/// Rows of a table on their way to a client, the end mark (flight/stream_mark.h) last.
/// Used by one thread; Cancel may be called by others.
class TableStream : public arrow::flight::FlightDataStream {
 public:
  /// Told once when the stream is over: messages and bytes of their bodies handed out.
  using OnEnd = std::function<void(int64_t messages, int64_t bytes)>;

  /// `on_end` may be null.
  TableStream(std::shared_ptr<arrow::Schema> schema, OnEnd on_end);
  ~TableStream() override;

  std::shared_ptr<arrow::Schema> schema() final { return schema_; }
  arrow::Result<arrow::flight::FlightPayload> GetSchemaPayload() final;
  arrow::Result<arrow::flight::FlightPayload> Next() final;

  /// Makes the stream fail soon, with `reason`.
  virtual void Cancel(const Status& reason) = 0;

 private:
  /// The next message; one without metadata after the last.
  virtual Result<arrow::flight::FlightPayload> NextMessage() = 0;

  const std::shared_ptr<arrow::Schema> schema_;
  const OnEnd on_end_;
  const arrow::ipc::DictionaryFieldMapper mapper_;
  int64_t messages_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace windrow::service
