// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/spill_block.h"

#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace windrow::format {
namespace {

constexpr uint32_t kMagic = 0x4C505357;  // "WSPL"
constexpr uint32_t kVersion = 1;

struct Header {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  int64_t body_bytes = 0;
  int64_t rows = 0;
  uint64_t body_hash = 0;
};
static_assert(sizeof(Header) == kSpillHeaderBytes);

Result<std::shared_ptr<arrow::RecordBatch>> DecodeBody(
    std::shared_ptr<arrow::Buffer> body, const std::shared_ptr<arrow::Schema>& schema,
    arrow::MemoryPool* pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  arrow::io::BufferReader reader(std::move(body));
  ARROW_ASSIGN_OR_RAISE(const auto message, arrow::ipc::ReadMessage(&reader, pool));
  if (message == nullptr || message->type() != arrow::ipc::MessageType::RECORD_BATCH ||
      message->body() == nullptr) {
    return StorageError("a spill block without a record batch");
  }
  const arrow::ipc::DictionaryMemo no_dictionaries;
  ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ipc::ReadRecordBatch(
                                        *message, schema, &no_dictionaries, options));
  ARROW_RETURN_NOT_OK(batch->Validate());
  return batch;
}

}  // namespace

bool HoldsDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  if (type.id() == arrow::Type::EXTENSION) {
    return HoldsDictionary(
        *static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HoldsDictionary(*field->type()); });
}

Result<std::shared_ptr<arrow::Buffer>> EncodeSpillBlock(const arrow::RecordBatch& batch,
                                                        arrow::MemoryPool* pool) {
  for (const auto& field : batch.schema()->fields()) {
    if (!HoldsDictionary(*field->type())) continue;
    return InternalError("column '", field->name(), "' of type ",
                         field->type()->ToString(),
                         " is to be spilled; expected no dictionaries");
  }
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.alignment = 64;
  ARROW_ASSIGN_OR_RAISE(options.codec,
                        arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME));
  arrow::ipc::IpcPayload payload;
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(batch, options, &payload));
  Header header;
  header.rows = batch.num_rows();
  header.body_bytes = arrow::ipc::GetPayloadSize(payload, options);
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> block,
      arrow::AllocateBuffer(kSpillHeaderBytes + header.body_bytes, pool));
  uint8_t* body = block->mutable_data() + kSpillHeaderBytes;
  arrow::io::FixedSizeBufferWriter writer(
      arrow::SliceMutableBuffer(block, kSpillHeaderBytes));
  int32_t metadata_bytes = 0;
  ARROW_RETURN_NOT_OK(
      arrow::ipc::WriteIpcPayload(payload, options, &writer, &metadata_bytes));
  header.body_hash = XXH3_64bits(body, static_cast<size_t>(header.body_bytes));
  std::memcpy(block->mutable_data(), &header, sizeof(header));
  return block;
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeSpillBlock(
    const std::shared_ptr<arrow::Buffer>& block,
    const std::shared_ptr<arrow::Schema>& schema, arrow::MemoryPool* pool) {
  Header header;
  if (block->size() < kSpillHeaderBytes) {
    return StorageError("found ", block->size(), " bytes; expected a spill block");
  }
  std::memcpy(&header, block->data(), sizeof(header));
  if (header.magic != kMagic || header.version != kVersion) {
    return StorageError("found no spill block of version ", kVersion,
                        "; expected its mark");
  }
  const int64_t body_bytes = block->size() - kSpillHeaderBytes;
  if (header.body_bytes != body_bytes) {
    return StorageError("found a spill block of ", body_bytes, " bytes; expected ",
                        header.body_bytes);
  }
  auto body = arrow::SliceBuffer(block, kSpillHeaderBytes);
  if (XXH3_64bits(body->data(), static_cast<size_t>(body_bytes)) != header.body_hash) {
    return StorageError("found a spill block that does not have its checksum");
  }
  ARROW_ASSIGN_OR_RAISE(auto batch, DecodeBody(std::move(body), schema, pool));
  if (batch->num_rows() != header.rows) {
    return StorageError("found a spill block of ", batch->num_rows(), " rows; expected ",
                        header.rows);
  }
  return batch;
}

}  // namespace windrow::format
