// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/array_record_codec.h"

namespace windrow::format {

/// Chunks without a position: made on any thread, placed later.
struct EncodedChunks {
  struct Chunk {
    int64_t size;  ///< header and data
    int64_t num_records;
    int64_t decoded_size;
  };
  std::vector<Chunk> chunks;
  std::shared_ptr<arrow::Buffer> bytes;  ///< of all chunks, one behind the other
};

/// Turns groups of records into simple chunks. Single-threaded.
class ChunkEncoder {
 public:
  ChunkEncoder(const ChunkCompression& compression, arrow::MemoryPool* pool);

  /// One chunk of these records. Records that lie side by side in memory are not copied.
  /// More than kDecodedSizeMax bytes are a DataError, since no reader could take them.
  Status Add(std::span<const std::string_view> records);
  /// One chunk of `num_records` records: their lengths as varints, and their bytes.
  Status AddJoined(int64_t num_records, std::span<const uint8_t> sizes,
                   std::span<const uint8_t> values);
  Result<EncodedChunks> Finish();

 private:
  Status AddBlock(std::span<const uint8_t> block, arrow::BufferBuilder* to) const;

  ChunkCompression compression_;
  EncodedChunks encoded_;
  arrow::BufferBuilder bytes_;
  arrow::BufferBuilder sizes_;         ///< of one chunk
  arrow::BufferBuilder values_;        ///< of one chunk whose records lie apart
  arrow::BufferBuilder stored_sizes_;  ///< the sizes block of one chunk as stored
};

}  // namespace windrow::format
