// SPDX-License-Identifier: Apache-2.0
// A mark on the wire, little-endian:
//   bytes 0..3    magic, with the version
//   bytes 4..7    flags: bit 0 is the end, the others are 0
//   bytes 8..15   batches
//   bytes 16..23  rows
//   bytes 24..31  bytes
//   bytes 32..39  checksum
#include "windrow/flight/stream_mark.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace windrow::flight {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr char kMagic[] = {'W', 'S', 'M', 1};
constexpr uint32_t kEndFlag = 1;

struct MarkBytes {
  char magic[sizeof(kMagic)];
  uint32_t flags;
  int64_t batches;
  int64_t rows;
  int64_t bytes;
  uint64_t checksum;
};
static_assert(sizeof(MarkBytes) == 40);

/// XXH3 takes the length in as well, so an empty buffer counts.
uint64_t Chained(uint64_t so_far, const void* data, int64_t size) {
  return XXH3_64bits_withSeed(data, static_cast<size_t>(size), so_far);
}

uint64_t Chained(uint64_t so_far, const std::shared_ptr<arrow::Buffer>& buffer) {
  if (buffer == nullptr) return Chained(so_far, nullptr, 0);
  return Chained(so_far, buffer->data(), buffer->size());
}

/// The place for a validity bitmap that `type` has in memory but not in a message.
bool SendsNoValidity(arrow::Type::type type) {
  return type == arrow::Type::NA || type == arrow::Type::SPARSE_UNION ||
         type == arrow::Type::DENSE_UNION || type == arrow::Type::RUN_END_ENCODED;
}

/// In the order of a message: an array's own buffers, then its children.
uint64_t Chained(uint64_t so_far, const arrow::ArrayData& array) {
  const arrow::DataType* type = array.type.get();
  const size_t first = SendsNoValidity(type->storage_id()) ? 1 : 0;
  for (size_t i = first; i < array.buffers.size(); ++i) {
    so_far = Chained(so_far, array.buffers[i]);
  }
  for (const auto& child : array.child_data) so_far = Chained(so_far, *child);
  return so_far;
}

}  // namespace

std::string WriteStreamMark(const StreamMark& mark) {
  MarkBytes bytes{};
  std::memcpy(bytes.magic, kMagic, sizeof(kMagic));
  bytes.flags = mark.is_end ? kEndFlag : 0;
  bytes.batches = mark.batches;
  bytes.rows = mark.rows;
  bytes.bytes = mark.bytes;
  bytes.checksum = mark.checksum;
  return {reinterpret_cast<const char*>(&bytes), sizeof(bytes)};
}

Result<StreamMark> ReadStreamMark(std::string_view bytes) {
  MarkBytes read{};
  if (bytes.size() != sizeof(read)) {
    return DataError("the stream mark: found ", bytes.size(), " bytes, expected ",
                     sizeof(read));
  }
  std::memcpy(&read, bytes.data(), sizeof(read));
  if (std::memcmp(read.magic, kMagic, sizeof(kMagic)) != 0) {
    return DataError("the stream mark: found no mark of this version");
  }
  if (read.flags > kEndFlag || read.batches < 0 || read.rows < 0 || read.bytes < 0) {
    return DataError("the stream mark: found flags ", read.flags, ", ", read.batches,
                     " batches, ", read.rows, " rows, ", read.bytes, " bytes");
  }
  return StreamMark{read.flags == kEndFlag, read.batches, read.rows, read.bytes,
                    read.checksum};
}

void StreamChecksum::Add(const arrow::ipc::IpcPayload& payload, int64_t rows) {
  value_ = Chained(value_, &rows, sizeof(rows));
  for (const auto& buffer : payload.body_buffers) value_ = Chained(value_, buffer);
}

void StreamChecksum::Add(const arrow::RecordBatch& batch) {
  const int64_t rows = batch.num_rows();
  value_ = Chained(value_, &rows, sizeof(rows));
  for (int i = 0; i < batch.num_columns(); ++i) {
    value_ = Chained(value_, *batch.column_data(i));
  }
}

}  // namespace windrow::flight
