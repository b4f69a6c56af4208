// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "windrow/plan/prepare.h"
#include "windrow/runner/local_runner.h"
#include "windrow/service/message_sink.h"
#include "windrow/service/table_stream.h"

namespace windrow::service {

/// The messages of one scan, made by a run of its own a few of them ahead of the client:
/// a slow client makes the run wait. Ends the run when it is destroyed.
class ScanStream : public TableStream {
 public:
  struct Options {
    MessageOptions messages;
    runner::RunOptions run;
    int64_t ahead_bytes = 16 << 20;  ///< encoded and not sent, at most
    /// Whether the client has gone; asked several times a second. May be null.
    std::function<bool()> is_gone;
  };

  /// `job` has a single result, of `schema`.
  ScanStream(plan::PreparedJob job, std::shared_ptr<arrow::Schema> schema,
             Options options, OnEnd on_end);
  ~ScanStream() override;

  arrow::Status Close() override;
  void Cancel(const Status& reason) override;

 private:
  Result<arrow::flight::FlightPayload> NextMessage() override;
  void Run();

  plan::PreparedJob job_;
  Options options_;
  arrow::StopSource stop_;
  std::shared_ptr<runner::LocalRunner> runner_;  ///< shared with what is being sent
  MessageChannel channel_;
  std::thread thread_;  ///< runs the job
};

}  // namespace windrow::service
