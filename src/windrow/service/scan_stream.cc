// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/scan_stream.h"

#include <arrow/buffer.h>

#include <utility>

#include "windrow/flight/kept_buffer.h"

namespace windrow::service {

ScanStream::ScanStream(plan::PreparedJob job, std::shared_ptr<arrow::Schema> schema,
                       Options options, OnEnd on_end)
    : TableStream(std::move(schema), std::move(on_end)),
      job_(std::move(job)),
      options_(std::move(options)),
      runner_(std::make_shared<runner::LocalRunner>(options_.run, stop_.token())),
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
}

void ScanStream::Run() { channel_.Close(runner_->Run(job_)); }

void ScanStream::Cancel(const Status& reason) {
  channel_.Close(reason);
  stop_.RequestStop();
  channel_.Cancel();
}

Result<arrow::flight::FlightPayload> ScanStream::NextMessage() {
  ARROW_ASSIGN_OR_RAISE(auto message, channel_.Pop([this] {
    return options_.is_gone != nullptr && options_.is_gone();
  }));
  if (!message.has_value()) return arrow::flight::FlightPayload();
  arrow::flight::FlightPayload payload = *std::move(message);
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
