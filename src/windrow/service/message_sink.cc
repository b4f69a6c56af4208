// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/message_sink.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "windrow/exec/task_slots.h"
#include "windrow/flight/sendable_batch.h"

namespace windrow::service {
namespace {

using arrow::ipc::IpcPayload;

/// Of messages made by workers that could not be parked.
constexpr int64_t kMostAhead = 64 << 20;

/// A buffer that does not shrink by this share is sent as it is.
constexpr double kLeastSavings = 0.05;

}  // namespace

/// Holds nothing of the batch but what is sent.
struct MessageSink::Message {
  int64_t rows = 0;
  uint64_t hash = 0;  ///< without its dictionaries
  arrow::ipc::DictionaryVector dictionaries;
  IpcPayload payload;
};

struct MessageSink::EncodedBatch : exec::Prepared {
  std::shared_ptr<arrow::RecordBatch> batch;  ///< not encoded yet; null: it is
  std::vector<Message> messages;
};

Result<std::shared_ptr<arrow::util::Codec>> CodecOf(const std::string& codec) {
  if (codec == "none") return nullptr;
  if (codec == "lz4") return arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME);
  if (codec == "zstd") return arrow::util::Codec::Create(arrow::Compression::ZSTD);
  if (codec.starts_with("zstd:")) {
    int level = 0;
    const char* end = codec.data() + codec.size();
    const auto [read, error] = std::from_chars(codec.data() + 5, end, level);
    if (error == std::errc() && read == end && level >= 1 && level <= 19) {
      return arrow::util::Codec::Create(arrow::Compression::ZSTD, level);
    }
  }
  return UserError("codec '", codec, "': expected auto, none, lz4, or zstd:1 to zstd:19");
}

Result<std::unique_ptr<MessageSink>> MessageSink::Make(
    const MessageOptions& options, std::shared_ptr<arrow::Schema> schema,
    MessageChannel* channel, exec::RunContext* context) {
  std::unique_ptr<MessageSink> sink(
      new MessageSink(options, std::move(schema), channel, context));
  ARROW_ASSIGN_OR_RAISE(sink->compressed_.codec, CodecOf(options.codec));
  return sink;
}

MessageSink::MessageSink(const MessageOptions& options,
                         std::shared_ptr<arrow::Schema> schema, MessageChannel* channel,
                         exec::RunContext* context)
    : options_(options),
      schema_(std::move(schema)),
      channel_(channel),
      plain_(arrow::ipc::IpcWriteOptions::Defaults()),
      mapper_(*schema_),
      left_to_skip_(options.skip_rows),
      skips_(options.skip_rows > 0) {
  plain_.memory_pool = context->pool;
  plain_.use_threads = false;
  compressed_ = plain_;
  compressed_.min_space_savings = kLeastSavings;
}

/// Such that no message is much longer than asked for; even shares of the batch.
int64_t MessageSink::RowsOfMessage(const arrow::RecordBatch& batch) const {
  const int64_t bytes = arrow::util::ReferencedBufferSize(batch).ValueOr(0);
  if (bytes <= options_.message_bytes) return batch.num_rows();
  const int64_t messages = (bytes + options_.message_bytes - 1) / options_.message_bytes;
  return std::max<int64_t>(1, (batch.num_rows() + messages - 1) / messages);
}

Result<std::unique_ptr<exec::Prepared>> MessageSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto encoded = std::make_unique<EncodedBatch>();
  if (skips_) {
    // Write knows whether it is wanted.
    encoded->batch = std::move(batch);
  } else {
    ARROW_ASSIGN_OR_RAISE(encoded->messages, Cut(*batch));
  }
  return encoded;
}

Result<std::vector<MessageSink::Message>> MessageSink::Cut(
    const arrow::RecordBatch& batch) {
  std::vector<Message> messages;
  const int64_t rows = RowsOfMessage(batch);
  for (int64_t start = 0; start < batch.num_rows(); start += rows) {
    ARROW_ASSIGN_OR_RAISE(const auto part, flight::SendableBatch(batch.Slice(start, rows),
                                                                 plain_.memory_pool));
    Message& message = messages.emplace_back();
    message.rows = part->num_rows();
    ARROW_ASSIGN_OR_RAISE(message.dictionaries, DictionariesOf(*part));
    ARROW_RETURN_NOT_OK(
        arrow::ipc::GetRecordBatchPayload(*part, plain_, &message.payload));
    message.hash = flight::HashSent(message.rows, message.payload);
    if (compressed_.codec == nullptr) continue;
    message.payload = {};
    ARROW_RETURN_NOT_OK(
        arrow::ipc::GetRecordBatchPayload(*part, compressed_, &message.payload));
  }
  return messages;
}

Status MessageSink::Write(std::unique_ptr<exec::Prepared> prepared) {
  auto& encoded = static_cast<EncodedBatch&>(*prepared);
  if (encoded.batch != nullptr) {
    const int64_t skipped = std::min(left_to_skip_, encoded.batch->num_rows());
    left_to_skip_ -= skipped;
    skips_ = left_to_skip_ > 0;
    if (skipped == encoded.batch->num_rows()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(encoded.messages, Cut(*encoded.batch->Slice(skipped)));
  }
  for (Message& message : encoded.messages) {
    const int64_t bytes = message.payload.body_length;
    ARROW_RETURN_NOT_OK(SendDictionaries(message.dictionaries));
    ARROW_RETURN_NOT_OK(Send(std::move(message.payload), &sent_));
    ++sent_.batches;
    sent_.rows += message.rows;
    sent_.bytes += bytes;
    const uint64_t hash = dictionaries_.Add(message.hash, message.dictionaries);
    sent_.checksum = flight::NextChecksum(sent_.checksum, hash);
  }
  return Status::OK();
}

Result<arrow::ipc::DictionaryVector> MessageSink::DictionariesOf(
    const arrow::RecordBatch& batch) const {
  if (mapper_.num_dicts() == 0) return arrow::ipc::DictionaryVector();
  return arrow::ipc::CollectDictionaries(batch, mapper_);
}

/// Those that were not sent yet.
Status MessageSink::SendDictionaries(const arrow::ipc::DictionaryVector& dictionaries) {
  for (const auto& [id, dictionary] : dictionaries) {
    ARROW_ASSIGN_OR_RAISE(const bool is_new, dictionaries_.Update(id, dictionary));
    if (!is_new) continue;
    IpcPayload payload;
    ARROW_RETURN_NOT_OK(
        arrow::ipc::GetDictionaryPayload(id, dictionary, compressed_, &payload));
    ARROW_RETURN_NOT_OK(Send(std::move(payload), nullptr));
  }
  return Status::OK();
}

Status MessageSink::Send(IpcPayload payload, const flight::StreamMark* mark) {
  const int64_t bytes = payload.body_length + payload.metadata->size();
  arrow::flight::FlightPayload message;
  if (mark != nullptr) {
    message.app_metadata = arrow::Buffer::FromString(flight::WriteStreamMark(*mark));
  }
  message.ipc_message = std::move(payload);
  // A worker that waited for a slow client would be missing elsewhere: a scan's is parked
  // before it makes more. A join's windows come without asking, so beyond some of them
  // it waits all the same, rather than hold the whole result.
  const bool may_wait = !exec::TaskSlots::IsWorker() || channel_->bytes() > kMostAhead;
  const bool is_taken = may_wait ? channel_->Push(std::move(message), bytes)
                                 : channel_->PushNow(std::move(message), bytes);
  if (!is_taken) {
    return Fail(Blame::kCancelled, "the client has gone");
  }
  bytes_written_ += bytes;
  return Status::OK();
}

Status MessageSink::Finish() {
  ARROW_ASSIGN_OR_RAISE(const auto empty,
                        arrow::RecordBatch::MakeEmpty(schema_, plain_.memory_pool));
  IpcPayload payload;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(*empty, plain_, &payload));
  ARROW_ASSIGN_OR_RAISE(const auto dictionaries, DictionariesOf(*empty));
  ARROW_RETURN_NOT_OK(SendDictionaries(dictionaries));
  sent_.is_end = true;
  return Send(std::move(payload), &sent_);
}

}  // namespace windrow::service
