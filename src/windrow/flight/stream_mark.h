// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace arrow::ipc {
struct IpcPayload;
}

namespace windrow::flight {

/// What goes along with each batch of a stream, as its application metadata. The last
/// message has no rows and `is_end`: a stream that ends without it was cut.
struct StreamMark {
  bool is_end = false;
  /// Batches in the stream before this message, rows in them, bytes of their messages'
  /// bodies as they were sent, and the checksum of all.
  int64_t batches = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
  uint64_t checksum = 0;
  bool operator==(const StreamMark&) const = default;
};

/// 40 bytes.
std::string WriteStreamMark(const StreamMark& mark);
/// DataError when `bytes` is none. Safe on any bytes.
Result<StreamMark> ReadStreamMark(std::string_view bytes);

/// Checksum of a stream's batches, in order: of the bytes of every buffer as Arrow IPC
/// sends them uncompressed, of their lengths and of the numbers of rows (XXH3, chained by
/// the checksum so far). Both overloads give the same for the two ends of a stream.
class StreamChecksum {
 public:
  /// The sender's: of a SendableBatch's payload made without compression.
  void Add(const arrow::ipc::IpcPayload& payload, int64_t rows);
  /// The receiver's: of the batch that came out of such a payload, compressed or not.
  void Add(const arrow::RecordBatch& batch);
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0;
};

}  // namespace windrow::flight
