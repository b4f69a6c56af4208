// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::flight {

/// What goes along with each batch of a stream, as its application metadata. The last
/// message has no rows and `is_end`: a stream that ends without it was cut.
struct StreamMark {
  bool is_end = false;
  /// Batches in the stream before this message, rows in them, bytes of their messages'
  /// bodies as they were sent, and the checksum of all. A stream that goes on for another
  /// begins at 0.
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

/// The checksum of a stream whose checksum so far is `checksum` and whose next batch has
/// the hash `batch_hash` (batch_hash.h). It starts at 0.
uint64_t NextChecksum(uint64_t checksum, uint64_t batch_hash);

}  // namespace windrow::flight
