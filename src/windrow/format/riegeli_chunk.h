// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "windrow/base/status.h"
#include "windrow/format/riegeli_layout.h"

namespace windrow::format {

/// One chunk, checked: its hashes fit, as do the block headers inside it.
struct RiegeliChunk {
  int64_t begin = 0;     ///< position in the file
  int64_t data_end = 0;  ///< where its padding begins
  int64_t end = 0;       ///< where the next chunk begins
  ChunkHeader header;
  std::shared_ptr<arrow::Buffer> data;  ///< without block headers
};

/// A stretch of a file in memory.
struct FileStretch {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t begin = 0;  ///< position of the first byte in the file

  int64_t end() const;
};

/// Reads bytes of a file at a position; they lie within the file.
using ReadAt =
    std::function<Result<std::shared_ptr<arrow::Buffer>>(int64_t begin, int64_t size)>;

/// The chunk that begins at `begin`; it must lie within `stretch`. Data across a block
/// boundary is copied to memory of `pool`. Damage is a DataError that names the position.
Result<RiegeliChunk> ParseRiegeliChunk(const FileStretch& stretch, int64_t begin,
                                       arrow::MemoryPool* pool);

/// The same, reading what the chunk takes; it must end at `limit` at the latest.
Result<RiegeliChunk> ReadRiegeliChunk(const ReadAt& read, int64_t begin, int64_t limit,
                                      arrow::MemoryPool* pool);

}  // namespace windrow::format
