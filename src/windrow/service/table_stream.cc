// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/table_stream.h"

#include <arrow/ipc/writer.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/flight/call_error.h"

namespace windrow::service {

using arrow::flight::FlightPayload;

TableStream::TableStream(std::shared_ptr<arrow::Schema> schema, OnEnd on_end)
    : schema_(std::move(schema)), on_end_(std::move(on_end)), mapper_(*schema_) {}

TableStream::~TableStream() {
  if (on_end_ != nullptr) on_end_(messages_, bytes_);
}

arrow::Result<FlightPayload> TableStream::GetSchemaPayload() {
  FlightPayload payload;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetSchemaPayload(
      *schema_, arrow::ipc::IpcWriteOptions::Defaults(), mapper_, &payload.ipc_message));
  return payload;
}

arrow::Result<FlightPayload> TableStream::Next() {
  auto message = NextMessage();
  if (!message.ok()) return flight::ToCallError(message.status());
  if (message->ipc_message.metadata != nullptr) ++messages_;
  bytes_ += message->ipc_message.body_length;
  return *std::move(message);
}

}  // namespace windrow::service
