// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/array_record_codec.h"
#include "windrow/format/riegeli_chunk.h"

namespace windrow::format {

/// What the footer of an ArrayRecord file says: where its chunks are. Record i is record
/// i % group_size of chunk i / group_size. Checked: chunks ascend and lie before the
/// footer, all hold group_size records but the last, which may hold fewer, and counts and
/// sizes are possible. Whether the chunks agree is known when they are read.
struct ArrayRecordIndex {
  int64_t file_size = 0;
  int64_t footer_begin = 0;
  int64_t group_size = 1;
  int64_t num_records = 0;
  ChunkCodec footer_codec = ChunkCodec::kNone;
  std::string writer_options;          ///< as written, for people
  std::vector<int64_t> chunk_begins;   ///< positions; behind the last, that of the footer
  std::vector<int32_t> decoded_sizes;  ///< by chunk: bytes of its records

  int64_t num_chunks() const { return static_cast<int64_t>(decoded_sizes.size()); }
  int64_t first_record(int64_t chunk) const {
    return std::min(chunk * group_size, num_records);
  }
  int64_t num_records_of(int64_t chunk) const {
    return first_record(chunk + 1) - first_record(chunk);
  }
};

/// Reads postscript and footer. Takes 12 bytes a chunk, and during the call about 20
/// more. Errors are DataErrors that name a position, and what `read` returns.
Result<ArrayRecordIndex> ReadArrayRecordIndex(const ReadAt& read, int64_t file_size,
                                              arrow::MemoryPool* pool);

/// Chunk `number` of the index, from a stretch of the file that holds it whole. Checks
/// that it is what the index says and that it can be decoded.
Result<RiegeliChunk> ParseDataChunk(const ArrayRecordIndex& index, int64_t number,
                                    const FileStretch& stretch, arrow::MemoryPool* pool);

/// Whether `chunk` is what the index says chunk `number` is, and decodable.
Status CheckDataChunk(const ArrayRecordIndex& index, int64_t number,
                      const RiegeliChunk& chunk);

}  // namespace windrow::format
