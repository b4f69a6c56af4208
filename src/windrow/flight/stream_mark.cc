// SPDX-License-Identifier: Apache-2.0
// A mark on the wire, little-endian:
//   bytes 0..3    magic, with the version
//   bytes 4..7    flags: bit 0 is the end, the others are 0
//   bytes 8..15   batches
//   bytes 16..23  rows
//   bytes 24..31  bytes
//   bytes 32..39  checksum
#include "windrow/flight/stream_mark.h"

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

uint64_t NextChecksum(uint64_t checksum, uint64_t batch_hash) {
  return XXH3_64bits_withSeed(&batch_hash, sizeof(batch_hash), checksum);
}

}  // namespace windrow::flight
