// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/types.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/channel.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/flight/batch_hash.h"
#include "windrow/flight/stream_mark.h"

namespace windrow::service {

using MessageChannel = exec::Channel<arrow::flight::FlightPayload>;

/// How batches become messages.
struct MessageOptions {
  std::string codec;          ///< none, lz4 or zstd:N
  int64_t message_bytes = 0;  ///< a longer batch is cut, by estimate
  int64_t skip_rows = 0;      ///< at the beginning that are not sent
};

/// UserError for a codec that is none of those.
Result<std::shared_ptr<arrow::util::Codec>> CodecOf(const std::string& codec);

/// Turns a pipeline's rows into Flight messages, encoded on the run's slots, and puts
/// them into a channel that another thread sends from. The last message is the end mark
/// (flight/stream_mark.h).
class MessageSink : public exec::TransientSink {
 public:
  /// `channel` outlives this object.
  static Result<std::unique_ptr<MessageSink>> Make(const MessageOptions& options,
                                                   std::shared_ptr<arrow::Schema> schema,
                                                   MessageChannel* channel,
                                                   exec::RunContext* context);

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  bool Park(std::function<void()> resume) override {
    return channel_->AwaitRoom(std::move(resume));
  }
  Status Finish() override;
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  struct Message;
  struct EncodedBatch;

  MessageSink(const MessageOptions& options, std::shared_ptr<arrow::Schema> schema,
              MessageChannel* channel, exec::RunContext* context);
  Result<std::vector<Message>> Cut(const arrow::RecordBatch& batch);
  int64_t RowsOfMessage(const arrow::RecordBatch& batch) const;
  Result<arrow::ipc::DictionaryVector> DictionariesOf(
      const arrow::RecordBatch& batch) const;
  Status SendDictionaries(const arrow::ipc::DictionaryVector& dictionaries);
  Status Send(arrow::ipc::IpcPayload payload, const flight::StreamMark* mark);

  const MessageOptions options_;
  std::shared_ptr<arrow::Schema> schema_;
  MessageChannel* channel_;
  arrow::ipc::IpcWriteOptions plain_;
  arrow::ipc::IpcWriteOptions compressed_;  ///< without a codec where none is wanted
  arrow::ipc::DictionaryFieldMapper mapper_;
  flight::SentDictionaries dictionaries_;
  flight::StreamMark sent_;
  int64_t left_to_skip_;  ///< of Write alone
  std::atomic<bool> skips_;
  int64_t bytes_written_ = 0;
};

}  // namespace windrow::service
