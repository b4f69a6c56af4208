// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/scan_stream.h"

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/flight/call_error.h"
#include "windrow/flight/kept_buffer.h"

namespace windrow::service {
ScanStream::ScanStream(plan::PreparedJob job, std::shared_ptr<arrow::Schema> schema,
                       Options options)
    : job_(std::move(job)),
      schema_(std::move(schema)),
      options_(std::move(options)),
      runner_(std::make_shared<runner::LocalRunner>(options_.run, stop_.token())),
      mapper_(*schema_),
      channel_(options_.ahead_bytes) {
  job_.open_result = [this](const std::string&, const auto& result_schema,
                            exec::RunContext* context) {
    return MessageSink::Make(options_.messages, result_schema, &channel_, context);
  };
  thread_ = std::thread([this] { Run(); });
}

ScanStream::~ScanStream() {
  Cancel(Status::OK());
  thread_.join();
  if (options_.on_end != nullptr) options_.on_end(messages_, bytes_);
}

void ScanStream::Run() { channel_.Close(runner_->Run(job_)); }

void ScanStream::Cancel(const Status& reason) {
  channel_.Close(reason);
  stop_.RequestStop();
  channel_.Cancel();
}

arrow::Result<arrow::flight::FlightPayload> ScanStream::GetSchemaPayload() {
  arrow::flight::FlightPayload payload;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetSchemaPayload(
      *schema_, arrow::ipc::IpcWriteOptions::Defaults(), mapper_, &payload.ipc_message));
  return payload;
}

arrow::Result<arrow::flight::FlightPayload> ScanStream::Next() {
  auto message =
      channel_.Pop([this] { return options_.is_gone != nullptr && options_.is_gone(); });
  if (!message.ok()) return flight::ToCallError(message.status());
  if (!message->has_value()) return arrow::flight::FlightPayload();
  arrow::flight::FlightPayload payload = **std::move(message);
  ++messages_;
  bytes_ += payload.ipc_message.body_length;
  auto& ipc = payload.ipc_message;
  ipc.metadata = flight::KeepWith(runner_, std::move(ipc.metadata));
  for (auto& buffer : ipc.body_buffers)
    buffer = flight::KeepWith(runner_, std::move(buffer));
  return payload;
}

arrow::Status ScanStream::Close() {
  Cancel(Status::OK());
  return arrow::Status::OK();
}

}  // namespace windrow::service
