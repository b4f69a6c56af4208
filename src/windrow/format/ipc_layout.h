// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/ipc_fields.h"

namespace windrow::format {

namespace ipc_wire {
struct RecordBatch;
}

/// A run of bytes, counted from the start of the file.
struct IpcSpan {
  int64_t offset = 0;
  int64_t length = 0;
};

/// One encapsulated message: its length prefix and metadata, then its body.
struct IpcMessage {
  IpcSpan head;
  IpcSpan body;
};

/// Row count and null count of one array as the file states them, checked to be possible.
struct IpcNode {
  int64_t length = 0;
  int64_t null_count = 0;
};

enum class IpcCodec : uint8_t { kNone, kLz4Frame, kZstd };

/// "uncompressed", "lz4" or "zstd".
const char* IpcCodecName(IpcCodec codec);

struct IpcBatch {
  int64_t rows = 0;
  IpcMessage message;
  IpcCodec codec = IpcCodec::kNone;
  bool is_v4 = false;        ///< metadata version 4: unions too have validity
  int num_dictionaries = 0;  ///< how many of dictionaries() come before this batch
  const ipc_wire::RecordBatch* header = nullptr;  ///< verified; inside the mapped bytes
};

/// Positions of a column in the buffer list of one batch.
struct IpcBufferRange {
  int64_t first = 0;
  int64_t count = 0;
};

/// Where the record batches of an IPC file or stream lie, and in them the buffers. Holds
/// pointers into the bytes it was read from, which must outlive it; buffers and nodes are
/// looked up in the stored metadata when asked for, so opening costs nothing per column.
/// Every value handed out lies within the bytes, whatever the metadata says. Immutable
/// and thread-safe.
class IpcLayout {
 public:
  IpcLayout() = default;  ///< of no bytes: no batches
  /// Reads a file's footer, or walks the messages of a stream. A stream may end without
  /// its end marker, not inside a message. Fails with DataError, without naming the file.
  static Result<IpcLayout> Read(const uint8_t* data, int64_t size);

  bool is_stream() const { return is_stream_; }
  /// A file without the schema message at its start has one with an empty head.
  const IpcMessage& schema_message() const { return schema_message_; }
  const std::vector<IpcMessage>& dictionaries() const { return dictionaries_; }
  const std::vector<IpcBatch>& batches() const { return batches_; }

  /// The `index`-th array of a batch. DataError when there is none or its counts cannot
  /// be.
  Result<IpcNode> Node(int batch, int64_t index) const;
  /// The `index`-th buffer of a batch. DataError when there is none or it leaves the
  /// body.
  Result<IpcSpan> Buffer(int batch, int64_t index) const;
  /// The buffers of the column placed at `here`; `next` is the place of the one after it.
  Result<IpcBufferRange> ColumnBuffers(int batch, const IpcFieldPlace& here,
                                       const IpcFieldPlace& next) const;

 private:
  class Reader;
  Result<int64_t> FirstBuffer(const IpcBatch& batch, const IpcFieldPlace& place) const;

  bool is_stream_ = false;
  IpcMessage schema_message_;
  std::vector<IpcMessage> dictionaries_;
  std::vector<IpcBatch> batches_;
  /// Copies of metadata that the file holds at an address flatbuffers cannot read.
  std::vector<std::unique_ptr<uint64_t[]>> aligned_copies_;
};

}  // namespace windrow::format
