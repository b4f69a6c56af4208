// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/ipc_template.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include <cstring>

#include "windrow/base/check.h"
#include "windrow/base/status.h"
#include "windrow/format/ipc_message_generated.h"

namespace windrow::format {
namespace {

/// In front of a message's metadata: a marker and the length of what follows.
constexpr int64_t kPrefixBytes = 8;

// Copied into the metadata as they are.
static_assert(sizeof(IpcNode) == sizeof(ipc_wire::FieldNode));
static_assert(sizeof(IpcSpan) == sizeof(ipc_wire::Buffer));

Result<std::shared_ptr<arrow::Buffer>> WriteStream(const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(sink, batch.schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return sink->Finish();
}

int64_t MessageBytes(const uint8_t* message) {
  int32_t metadata_bytes;
  std::memcpy(&metadata_bytes, message + 4, sizeof(metadata_bytes));
  return kPrefixBytes + metadata_bytes;
}

void Put(int64_t value, uint8_t* bytes) { std::memcpy(bytes, &value, sizeof(value)); }

}  // namespace

IpcStreamTemplate::IpcStreamTemplate(const arrow::RecordBatch& sample) {
  const auto stream = WriteStream(sample).ValueOrDie();
  const int64_t schema_bytes = MessageBytes(stream->data());
  const int64_t batch_bytes = MessageBytes(stream->data() + schema_bytes);
  head_.assign(stream->data(), stream->data() + schema_bytes + batch_bytes);

  const auto* message = ipc_wire::GetMessage(head_.data() + schema_bytes + kPrefixBytes);
  const auto* batch = message->header_as_RecordBatch();
  WINDROW_CHECK(batch != nullptr && batch->length() > 0);
  const auto place_of = [&](const void* pointer) {
    WINDROW_CHECK(pointer != nullptr);
    return static_cast<int64_t>(static_cast<const uint8_t*>(pointer) - head_.data());
  };
  using Table = flatbuffers::Table;
  body_bytes_at_ = place_of(reinterpret_cast<const Table*>(message)->GetAddressOf(
      ipc_wire::Message::VT_BODY_LENGTH));
  rows_at_ = place_of(reinterpret_cast<const Table*>(batch)->GetAddressOf(
      ipc_wire::RecordBatch::VT_LENGTH));
  arrays_at_ = place_of(batch->nodes()->Get(0));
  buffers_at_ = place_of(batch->buffers()->Get(0));
  num_arrays_ = batch->nodes()->size();
  num_buffers_ = batch->buffers()->size();
}

void IpcStreamTemplate::WriteHead(int64_t rows, int64_t body_bytes,
                                  std::span<const IpcNode> arrays,
                                  std::span<const IpcSpan> buffers,
                                  uint8_t* bytes) const {
  WINDROW_CHECK(arrays.size() == num_arrays_ && buffers.size() == num_buffers_);
  std::memcpy(bytes, head_.data(), head_.size());
  Put(rows, bytes + rows_at_);
  Put(body_bytes, bytes + body_bytes_at_);
  std::memcpy(bytes + arrays_at_, arrays.data(), arrays.size_bytes());
  std::memcpy(bytes + buffers_at_, buffers.data(), buffers.size_bytes());
}

void IpcStreamTemplate::WriteTail(uint8_t* bytes) const {
  constexpr uint8_t kEndMarker[kEndMarkerBytes] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
  std::memcpy(bytes, kEndMarker, sizeof(kEndMarker));
}

}  // namespace windrow::format
