// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <span>
#include <vector>

#include "windrow/format/ipc_layout.h"

namespace windrow::format {

/// The messages of an IPC stream that are the same whatever its rows are, made once with
/// Arrow's own writer. Numbers of the batch message are patched in a copy of it, so a
/// stream is written without building metadata. Immutable and thread-safe.
class IpcStreamTemplate {
 public:
  /// `sample` is a batch without nulls and with at least one row, so that no number is
  /// left out of the metadata for being zero.
  explicit IpcStreamTemplate(const arrow::RecordBatch& sample);

  /// Bytes before the body, and after it.
  int64_t head_bytes() const { return static_cast<int64_t>(head_.size()); }
  int64_t tail_bytes() const { return kEndMarkerBytes; }

  /// Writes what comes before the body to `bytes`, aligned to 8.
  void WriteHead(int64_t rows, int64_t body_bytes, std::span<const IpcNode> arrays,
                 std::span<const IpcSpan> buffers, uint8_t* bytes) const;
  /// Writes the end marker.
  void WriteTail(uint8_t* bytes) const;

 private:
  static constexpr int64_t kEndMarkerBytes = 8;

  std::vector<uint8_t> head_;
  // Where in the head the numbers stand.
  int64_t rows_at_ = 0;
  int64_t body_bytes_at_ = 0;
  int64_t arrays_at_ = 0;
  int64_t buffers_at_ = 0;
  size_t num_arrays_ = 0;
  size_t num_buffers_ = 0;
};

}  // namespace windrow::format
