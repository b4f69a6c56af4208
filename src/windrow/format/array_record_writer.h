// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer_builder.h>

#include <cstdint>
#include <functional>
#include <span>

#include "windrow/base/status.h"
#include "windrow/format/array_record_codec.h"
#include "windrow/format/array_record_encode.h"

namespace windrow::format {

/// Places encoded chunks one behind the other and writes an ArrayRecord file: signature,
/// chunks, footer (an index of the chunks), postscript. Its bytes depend on the chunks
/// alone. Holds about 15 bytes a chunk in memory. Single-threaded.
class ArrayRecordWriter {
 public:
  /// Takes the next bytes of the file; they are valid during the call only.
  using Write = std::function<Status(std::span<const uint8_t> bytes)>;

  /// `group_size` is what every chunk but the last one holds.
  ArrayRecordWriter(const ChunkCompression& compression, int64_t group_size, Write write,
                    arrow::MemoryPool* pool);

  /// The signature; before everything else.
  Status Begin();
  Status Place(const EncodedChunks& encoded);
  /// Footer and postscript; the file's length is then a multiple of 64 KiB.
  Status Finish();

 private:
  Status PlaceChunk(std::span<const uint8_t> header_and_data, int64_t num_records);
  Status PlaceAlone(const EncodedChunks& encoded);
  Status AddToIndex(const EncodedChunks::Chunk& chunk);
  Status PlaceFooter();
  Status PadToBlock();
  std::string OptionsText() const;

  ChunkCompression compression_;
  int64_t group_size_;
  Write write_;
  arrow::MemoryPool* pool_;
  int64_t position_ = 0;
  int64_t num_chunks_ = 0;
  int64_t num_records_ = 0;
  arrow::BufferBuilder index_;        ///< records of the footer, without the first
  arrow::BufferBuilder index_sizes_;  ///< their lengths, a byte each
};

}  // namespace windrow::format
