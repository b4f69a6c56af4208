// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_stored.h"

#include <arrow/buffer.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <utility>

#include "windrow/format/ipc_batch_message.h"

namespace windrow::source {
namespace {

using format::IpcNode;
using format::IpcSpan;

/// Buffers of a message's body begin at multiples of it.
constexpr int64_t kAlignment = 8;

class IpcBatches : public exec::StoredBatches {
 public:
  IpcBatches(std::shared_ptr<const IpcFile> file, std::vector<int> columns)
      : file_(std::move(file)), columns_(std::move(columns)) {
    arrow::FieldVector fields;
    for (const int column : columns_) fields.push_back(file_->schema()->field(column));
    schema_ = arrow::schema(std::move(fields));
    for (int batch = 0; batch < file_->num_batches(); ++batch) {
      int64_t bytes = 0;
      for (const int column : columns_) bytes += file_->StoredBytes(batch, column);
      most_bytes_ = std::max(most_bytes_, bytes);
    }
  }

  std::string codec() const override {
    return format::IpcCodecName(file_->batch(0).codec);
  }
  int64_t most_bytes() const override { return most_bytes_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Load(
      int64_t chunk, arrow::MemoryPool* pool,
      arrow::ipc::IpcPayload* message) const override {
    const auto batch = static_cast<int>(chunk);
    auto rows = LoadBatch(batch, pool, message);
    if (rows.ok()) return rows;
    return AtInput(internal::Words(file_->path(), ": record batch ", batch),
                   rows.status());
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> LoadBatch(
      int batch, arrow::MemoryPool* pool, arrow::ipc::IpcPayload* message) const {
    const format::IpcBatch& stored = file_->batch(batch);
    const IpcSpan& body = stored.message.body;
    std::vector<IpcNode> arrays;
    std::vector<IpcSpan> here;  // in the body as it is stored
    std::vector<IpcSpan> sent;  // in the body without the other columns
    int64_t sent_bytes = 0;
    for (const int column : columns_) {
      ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), file_->Node(batch, column));
      ARROW_ASSIGN_OR_RAISE(const auto range, file_->Buffers(batch, column));
      for (int64_t i = range.first; i < range.first + range.count; ++i) {
        ARROW_ASSIGN_OR_RAISE(const IpcSpan span, file_->layout().Buffer(batch, i));
        here.push_back({span.offset - body.offset, span.length});
        sent.push_back({sent_bytes, span.length});
        message->body_buffers.push_back(file_->mapped().Slice(span.offset, span.length));
        sent_bytes += arrow::bit_util::RoundUpToPowerOf2(span.length, kAlignment);
      }
    }
    message->type = arrow::ipc::MessageType::RECORD_BATCH;
    message->body_length = sent_bytes;
    message->raw_body_length = sent_bytes;
    message->metadata =
        format::WriteIpcBatchMessage(stored.rows, stored.codec, arrays, sent, sent_bytes);
    return Decode(format::WriteIpcBatchMessage(stored.rows, stored.codec, arrays, here,
                                               body.length),
                  file_->mapped().Slice(body.offset, body.length), pool);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Decode(
      std::shared_ptr<arrow::Buffer> metadata, std::shared_ptr<arrow::Buffer> body,
      arrow::MemoryPool* pool) const {
    arrow::ipc::IpcReadOptions options;
    options.memory_pool = pool;
    options.use_threads = false;
    options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
    const arrow::ipc::DictionaryMemo no_dictionaries;
    ARROW_ASSIGN_OR_RAISE(const auto message, arrow::ipc::Message::Open(
                                                  std::move(metadata), std::move(body)));
    ARROW_ASSIGN_OR_RAISE(auto rows, arrow::ipc::ReadRecordBatch(
                                         *message, schema_, &no_dictionaries, options));
    ARROW_RETURN_NOT_OK(rows->ValidateFull());
    return rows;
  }

  std::shared_ptr<const IpcFile> file_;
  std::vector<int> columns_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t most_bytes_ = 0;
};

}  // namespace

std::shared_ptr<const exec::StoredBatches> StoredIpcBatches(
    std::shared_ptr<const IpcFile> file, const std::vector<int>& columns) {
  const std::vector<format::IpcBatch>& batches = file->layout().batches();
  if (batches.empty() || batches[0].codec == format::IpcCodec::kNone) return nullptr;
  const bool can_be_sent =
      std::all_of(batches.begin(), batches.end(), [&](const format::IpcBatch& batch) {
        return batch.codec == batches[0].codec && !batch.is_v4;
      });
  const bool are_plain = std::all_of(columns.begin(), columns.end(),
                                     [&](int column) { return file->IsPlain(column); });
  if (!can_be_sent || !are_plain) return nullptr;
  return std::make_shared<IpcBatches>(std::move(file), columns);
}

}  // namespace windrow::source
