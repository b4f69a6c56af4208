// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_writer.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "windrow/base/check.h"
#include "windrow/format/array_record_message.h"
#include "windrow/format/riegeli_layout.h"
#include "windrow/format/varint.h"

namespace windrow::format {

ArrayRecordWriter::ArrayRecordWriter(const ChunkCompression& compression,
                                     int64_t group_size, Write write,
                                     arrow::MemoryPool* pool)
    : compression_(compression),
      group_size_(group_size),
      write_(std::move(write)),
      pool_(pool),
      index_(pool),
      index_sizes_(pool) {
  WINDROW_CHECK(group_size > 0);
}

Status ArrayRecordWriter::Begin() {
  WINDROW_CHECK(position_ == 0);
  ChunkHeader header;
  header.type = ChunkType::kSignature;
  header.data_hash = RiegeliHash({});
  return PlaceChunk(StoreChunkHeader(header), 0);
}

Status ArrayRecordWriter::Place(const EncodedChunks& encoded) {
  const uint8_t* bytes = encoded.bytes->data();
  for (const EncodedChunks::Chunk& chunk : encoded.chunks) {
    ARROW_RETURN_NOT_OK(AddToIndex(chunk));
    ARROW_RETURN_NOT_OK(
        PlaceChunk({bytes, static_cast<size_t>(chunk.size)}, chunk.num_records));
    bytes += chunk.size;
  }
  return Status::OK();
}

/// Writes a chunk with a block header at each boundary, and its padding.
Status ArrayRecordWriter::PlaceChunk(std::span<const uint8_t> header_and_data,
                                     int64_t num_records) {
  static constexpr std::array<uint8_t, 4096> kZeros = {};
  const int64_t begin = position_;
  const int64_t end =
      ChunkEnd(begin, static_cast<int64_t>(header_and_data.size()) - kChunkHeaderSize,
               num_records);
  while (position_ < end) {
    if (BlockRest(position_) == 0) {
      ARROW_RETURN_NOT_OK(
          write_(StoreBlockHeader({static_cast<uint64_t>(position_ - begin),
                                   static_cast<uint64_t>(end - position_)})));
      position_ += kBlockHeaderSize;
    }
    const auto room =
        static_cast<size_t>(std::min(BlockRest(position_), end - position_));
    const std::span<const uint8_t> rest =
        header_and_data.empty() ? std::span<const uint8_t>(kZeros) : header_and_data;
    const auto piece = rest.first(std::min(room, rest.size()));
    ARROW_RETURN_NOT_OK(write_(piece));
    position_ += static_cast<int64_t>(piece.size());
    if (!header_and_data.empty()) header_and_data = header_and_data.subspan(piece.size());
  }
  WINDROW_CHECK(position_ == end && header_and_data.empty());
  return Status::OK();
}

Status ArrayRecordWriter::PlaceAlone(const EncodedChunks& encoded) {
  WINDROW_CHECK(encoded.chunks.size() == 1);
  return PlaceChunk({encoded.bytes->data(), static_cast<size_t>(encoded.bytes->size())},
                    encoded.chunks[0].num_records);
}

Status ArrayRecordWriter::AddToIndex(const EncodedChunks::Chunk& chunk) {
  // Readers compute a record's chunk from its number, so only the last may be short.
  WINDROW_CHECK(num_records_ == num_chunks_ * group_size_);
  WINDROW_CHECK(chunk.num_records > 0 && chunk.num_records <= group_size_);
  ++num_chunks_;
  num_records_ += chunk.num_records;
  const std::string entry = MessageText({
      .chunk_begin = position_,
      .decoded_size = chunk.decoded_size,
      .num_records = chunk.num_records,
  });
  const auto size = static_cast<uint8_t>(entry.size());
  ARROW_RETURN_NOT_OK(index_.Append(entry.data(), size));
  return index_sizes_.Append(&size, 1);
}

Status ArrayRecordWriter::Finish() {
  const int64_t footer_begin = position_;
  ARROW_RETURN_NOT_OK(PlaceFooter());
  ARROW_RETURN_NOT_OK(PadToBlock());
  const std::string postscript = PostscriptText(footer_begin);
  ChunkEncoder encoder({ChunkCodec::kNone, 0}, pool_);
  const std::vector<std::string_view> thrice(3, postscript);
  ARROW_RETURN_NOT_OK(encoder.Add(thrice));
  ARROW_ASSIGN_OR_RAISE(const EncodedChunks encoded, encoder.Finish());
  ARROW_RETURN_NOT_OK(PlaceAlone(encoded));
  return PadToBlock();
}

Status ArrayRecordWriter::PlaceFooter() {
  const std::string head = MessageText(ArrayRecordMetadata{
      .num_chunks = num_chunks_,
      .num_records = num_records_,
      .writer_options = OptionsText(),
  });
  arrow::BufferBuilder values(pool_);
  arrow::BufferBuilder sizes(pool_);
  ARROW_RETURN_NOT_OK(
      values.Reserve(static_cast<int64_t>(head.size()) + index_.length()));
  ARROW_RETURN_NOT_OK(sizes.Reserve(kVarintSizeMax + index_sizes_.length()));
  ARROW_RETURN_NOT_OK(values.Append(head.data(), static_cast<int64_t>(head.size())));
  uint8_t head_size[kVarintSizeMax];
  ARROW_RETURN_NOT_OK(
      sizes.Append(head_size, StoreVarint(head.size(), head_size) - head_size));
  if (num_chunks_ > 0) {
    ARROW_RETURN_NOT_OK(values.Append(index_.data(), index_.length()));
    ARROW_RETURN_NOT_OK(sizes.Append(index_sizes_.data(), index_sizes_.length()));
  }
  index_.Reset();
  index_sizes_.Reset();
  ChunkEncoder encoder(compression_, pool_);
  ARROW_RETURN_NOT_OK(encoder.AddJoined(
      num_chunks_ + 1, {sizes.data(), static_cast<size_t>(sizes.length())},
      {values.data(), static_cast<size_t>(values.length())}));
  ARROW_ASSIGN_OR_RAISE(const EncodedChunks encoded, encoder.Finish());
  return PlaceAlone(encoded);
}

Status ArrayRecordWriter::PadToBlock() {
  if (BlockRest(position_) == 0) return Status::OK();
  std::vector<uint8_t> chunk(kChunkHeaderSize + PaddingDataSize(position_));
  const auto data = std::span<const uint8_t>(chunk).subspan(kChunkHeaderSize);
  ChunkHeader header;
  header.type = ChunkType::kPadding;
  header.data_size = data.size();
  header.data_hash = RiegeliHash(data);
  const ChunkHeaderBytes stored = StoreChunkHeader(header);
  std::copy(stored.begin(), stored.end(), chunk.begin());
  ARROW_RETURN_NOT_OK(PlaceChunk(chunk, 0));
  WINDROW_CHECK(BlockRest(position_) == 0);
  return Status::OK();
}

/// Grain looks for "group_size:N," here, with the comma.
std::string ArrayRecordWriter::OptionsText() const {
  return "group_size:" + std::to_string(group_size_) +
         ",transpose:false,pad_to_block_boundary:false," + compression_.OptionsText() +
         ",max_parallelism:1";
}

}  // namespace windrow::format
