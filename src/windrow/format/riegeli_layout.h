// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace windrow::format {

// A Riegeli file is a sequence of chunks (a 40-byte header, data, zero padding) laid into
// blocks of 64 KiB, each of which starts with a 24-byte block header. Headers may stand
// anywhere inside a chunk. All integers are little-endian. The format is that of
// google/riegeli, as the C++ and Python libraries of google/array_record write it.

inline constexpr int64_t kBlockSize = 64 << 10;
inline constexpr int64_t kBlockHeaderSize = 24;
inline constexpr int64_t kChunkHeaderSize = 40;

/// HighwayHash under Riegeli's key.
uint64_t RiegeliHash(std::span<const uint8_t> bytes);

/// Bytes from `position` to the next block boundary; 0 at a boundary.
inline int64_t BlockRest(int64_t position) { return -position & (kBlockSize - 1); }

/// Where a chunk that begins at `begin` ends, block headers and padding included. A chunk
/// is at least as many bytes long as it has records, and none ends within a block header.
/// `data_size` and `num_records` below 2^56.
int64_t ChunkEnd(int64_t begin, int64_t data_size, int64_t num_records);

/// Data size of the padding chunk at `position`, no block boundary, that ends at one.
int64_t PaddingDataSize(int64_t position);

/// Stands at every multiple of kBlockSize. Distances, so a chunk moved by whole blocks
/// keeps its headers.
struct BlockHeader {
  uint64_t previous_chunk;  ///< from the start of the chunk it interrupts to the block
  uint64_t next_chunk;      ///< from the block to the end of that chunk
};
using BlockHeaderBytes = std::array<uint8_t, kBlockHeaderSize>;
BlockHeaderBytes StoreBlockHeader(const BlockHeader& header);
/// False when the hash does not fit.
bool LoadBlockHeader(std::span<const uint8_t, kBlockHeaderSize> bytes,
                     BlockHeader* header);

enum class ChunkType : uint8_t {
  kSignature = 's',
  kMetadata = 'm',
  kPadding = 'p',
  kSimple = 'r',
  kTransposed = 't',
};

/// Says nothing about where the chunk stands, so a chunk can move unchanged.
struct ChunkHeader {
  uint64_t data_size = 0;
  uint64_t data_hash = 0;
  ChunkType type = ChunkType::kSimple;
  uint64_t num_records = 0;   ///< below 2^56
  uint64_t decoded_size = 0;  ///< sum of the records' lengths
};
using ChunkHeaderBytes = std::array<uint8_t, kChunkHeaderSize>;
ChunkHeaderBytes StoreChunkHeader(const ChunkHeader& header);
/// False when the hash does not fit.
bool LoadChunkHeader(const ChunkHeaderBytes& bytes, ChunkHeader* header);

}  // namespace windrow::format
