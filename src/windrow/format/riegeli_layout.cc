// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/riegeli_layout.h"

#include <highwayhash/c_bindings.h>

#include <bit>
#include <cstring>

#include "windrow/base/check.h"

namespace windrow::format {
namespace {

static_assert(std::endian::native == std::endian::little);

// A block can hold this much of chunks.
constexpr int64_t kBlockRoom = kBlockSize - kBlockHeaderSize;

// "Riegeli/records\n", twice.
alignas(32) constexpr HHKey kKey = {0x2f696c6567656952, 0x0a7364726f636572,
                                    0x2f696c6567656952, 0x0a7364726f636572};

/// Bytes of chunks that stand before `position`, as if the file were full of them.
int64_t BytesBefore(int64_t position) {
  return position - std::min(position % kBlockSize, kBlockHeaderSize) -
         position / kBlockSize * kBlockHeaderSize;
}

template <size_t size>
void Store(uint64_t value, size_t offset, std::array<uint8_t, size>* bytes) {
  std::memcpy(bytes->data() + offset, &value, sizeof(value));
}

uint64_t Load(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace

uint64_t RiegeliHash(std::span<const uint8_t> bytes) {
  return HighwayHash64(kKey, reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

int64_t ChunkEnd(int64_t begin, int64_t data_size, int64_t num_records) {
  const int64_t size = kChunkHeaderSize + data_size;
  const int64_t offset = (begin + kBlockRoom - 1) % kBlockSize;
  const int64_t by_bytes = begin + size + (size + offset) / kBlockRoom * kBlockHeaderSize;
  int64_t by_records = begin + num_records;
  by_records += std::max<int64_t>(0, BlockRest(by_records) - (kBlockRoom - 1));
  return std::max(by_bytes, by_records);
}

int64_t PaddingDataSize(int64_t position) {
  const int64_t rest = BlockRest(position);
  WINDROW_CHECK(rest > 0);
  const int64_t end = position + rest + (rest < kChunkHeaderSize ? kBlockSize : 0);
  return BytesBefore(end) - BytesBefore(position) - kChunkHeaderSize;
}

BlockHeaderBytes StoreBlockHeader(const BlockHeader& header) {
  BlockHeaderBytes bytes;
  Store(header.previous_chunk, 8, &bytes);
  Store(header.next_chunk, 16, &bytes);
  Store(RiegeliHash(std::span(bytes).subspan(8)), 0, &bytes);
  return bytes;
}

bool LoadBlockHeader(std::span<const uint8_t, kBlockHeaderSize> bytes,
                     BlockHeader* header) {
  *header = {Load(bytes.data() + 8), Load(bytes.data() + 16)};
  return Load(bytes.data()) == RiegeliHash(bytes.subspan(8));
}

ChunkHeaderBytes StoreChunkHeader(const ChunkHeader& header) {
  ChunkHeaderBytes bytes;
  Store(header.data_size, 8, &bytes);
  Store(header.data_hash, 16, &bytes);
  Store(header.num_records << 8 | static_cast<uint8_t>(header.type), 24, &bytes);
  Store(header.decoded_size, 32, &bytes);
  Store(RiegeliHash(std::span(bytes).subspan(8)), 0, &bytes);
  return bytes;
}

bool LoadChunkHeader(const ChunkHeaderBytes& bytes, ChunkHeader* header) {
  header->data_size = Load(bytes.data() + 8);
  header->data_hash = Load(bytes.data() + 16);
  header->type = static_cast<ChunkType>(bytes[24]);
  header->num_records = Load(bytes.data() + 24) >> 8;
  header->decoded_size = Load(bytes.data() + 32);
  return Load(bytes.data()) == RiegeliHash(std::span(bytes).subspan(8));
}

}  // namespace windrow::format
