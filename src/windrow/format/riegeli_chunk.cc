// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/riegeli_chunk.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace windrow::format {
namespace {

/// Walks through a chunk, taking its bytes and checking the block headers between them.
class ChunkWalk {
 public:
  ChunkWalk(const FileStretch& stretch, int64_t begin)
      : stretch_(stretch), begin_(begin), position_(begin) {}

  int64_t position() const { return position_; }

  /// Copies the next `size` bytes to `out`, or passes over them when that is null.
  Status Take(int64_t size, uint8_t* out) {
    while (size > 0) {
      ARROW_RETURN_NOT_OK(PassBlockHeader());
      const int64_t here = std::min(size, BlockRest(position_));
      if (here > stretch_.end() - position_) {
        return DataError("the chunk at byte ", begin_, " goes beyond byte ",
                         stretch_.end());
      }
      if (out != nullptr) {
        std::memcpy(out, At(position_), here);
        out += here;
      }
      position_ += here;
      size -= here;
    }
    return Status::OK();
  }

  /// Passes over what is left up to the chunk's end.
  Status TakePadding(int64_t end) {
    while (position_ < end) {
      ARROW_RETURN_NOT_OK(PassBlockHeader());
      position_ += std::min(end - position_, BlockRest(position_));
    }
    return Status::OK();
  }

  const uint8_t* At(int64_t position) const {
    return stretch_.bytes->data() + (position - stretch_.begin);
  }

  Status CheckBlockHeaders(int64_t end) const {
    for (const auto& [position, header] : block_headers_) {
      const auto previous = static_cast<uint64_t>(position - begin_);
      const auto next = static_cast<uint64_t>(end - position);
      if (header.previous_chunk == previous && header.next_chunk == next) continue;
      return DataError("the block header at byte ", position,
                       " does not fit the chunk at byte ", begin_, " to ", end);
    }
    return Status::OK();
  }

 private:
  Status PassBlockHeader() {
    if (BlockRest(position_) != 0) return Status::OK();
    if (stretch_.end() - position_ < kBlockHeaderSize) {
      return DataError("the chunk at byte ", begin_, " goes beyond byte ",
                       stretch_.end());
    }
    BlockHeader header;
    const std::span<const uint8_t, kBlockHeaderSize> bytes(At(position_),
                                                           kBlockHeaderSize);
    if (!LoadBlockHeader(bytes, &header)) {
      return DataError("the block header at byte ", position_,
                       " is damaged: its hash does not fit");
    }
    block_headers_.push_back({position_, header});
    position_ += kBlockHeaderSize;
    return Status::OK();
  }

  const FileStretch& stretch_;
  int64_t begin_;
  int64_t position_;
  std::vector<std::pair<int64_t, BlockHeader>> block_headers_;
};

/// Reads and checks the header and computes where the chunk ends.
Status TakeHeader(int64_t limit, ChunkWalk* walk, RiegeliChunk* chunk) {
  const int64_t offset = chunk->begin % kBlockSize;
  if (offset > 0 && offset <= kBlockHeaderSize) {
    return DataError("a chunk at byte ", chunk->begin, " would begin in a block header");
  }
  ChunkHeaderBytes bytes;
  ARROW_RETURN_NOT_OK(walk->Take(kChunkHeaderSize, bytes.data()));
  ChunkHeader& header = chunk->header;
  if (!LoadChunkHeader(bytes, &header)) {
    return DataError("the chunk header at byte ", chunk->begin,
                     " is damaged: its hash does not fit");
  }
  const auto room = static_cast<uint64_t>(limit - chunk->begin);
  if (header.data_size <= room && header.num_records <= room) {
    chunk->end = ChunkEnd(chunk->begin, static_cast<int64_t>(header.data_size),
                          static_cast<int64_t>(header.num_records));
    if (chunk->end <= limit) return Status::OK();
  }
  return DataError("the chunk at byte ", chunk->begin, " with ", header.data_size,
                   " bytes of data and ", header.num_records,
                   " records goes beyond byte ", limit);
}

}  // namespace

int64_t FileStretch::end() const { return begin + bytes->size(); }

Result<RiegeliChunk> ParseRiegeliChunk(const FileStretch& stretch, int64_t begin,
                                       arrow::MemoryPool* pool) {
  RiegeliChunk chunk;
  chunk.begin = begin;
  ChunkWalk walk(stretch, begin);
  ARROW_RETURN_NOT_OK(TakeHeader(stretch.end(), &walk, &chunk));
  const auto size = static_cast<int64_t>(chunk.header.data_size);
  const int64_t here = walk.position();
  if (BlockRest(here) >= size) {
    chunk.data = arrow::SliceBuffer(stretch.bytes, here - stretch.begin, size);
    ARROW_RETURN_NOT_OK(walk.Take(size, nullptr));
  } else {
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> data,
                          arrow::AllocateBuffer(size, pool));
    ARROW_RETURN_NOT_OK(walk.Take(size, data->mutable_data()));
    chunk.data = std::move(data);
  }
  if (RiegeliHash({chunk.data->data(), static_cast<size_t>(size)}) !=
      chunk.header.data_hash) {
    return DataError("the data of the chunk at byte ", begin,
                     " is damaged: its hash does not fit");
  }
  chunk.data_end = walk.position();
  ARROW_RETURN_NOT_OK(walk.TakePadding(chunk.end));
  ARROW_RETURN_NOT_OK(walk.CheckBlockHeaders(chunk.end));
  return chunk;
}

Result<RiegeliChunk> ReadRiegeliChunk(const ReadAt& read, int64_t begin, int64_t limit,
                                      arrow::MemoryPool* pool) {
  if (begin < 0 || begin >= limit) {
    return DataError("no chunk at byte ", begin, ", expected one before byte ", limit);
  }
  FileStretch stretch;
  stretch.begin = begin;
  ARROW_ASSIGN_OR_RAISE(stretch.bytes, read(begin, std::min(kBlockSize, limit - begin)));
  RiegeliChunk chunk;
  chunk.begin = begin;
  ChunkWalk walk(stretch, begin);
  ARROW_RETURN_NOT_OK(TakeHeader(limit, &walk, &chunk));
  if (chunk.end > stretch.end()) {
    ARROW_ASSIGN_OR_RAISE(stretch.bytes, read(begin, chunk.end - begin));
  }
  return ParseRiegeliChunk(stretch, begin, pool);
}

}  // namespace windrow::format
