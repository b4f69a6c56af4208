// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_encode.h"

#include <arrow/buffer.h>

#include <cstring>

#include "windrow/format/array_record_decode.h"
#include "windrow/format/riegeli_layout.h"
#include "windrow/format/varint.h"

namespace windrow::format {
namespace {

std::span<const uint8_t> Span(const arrow::BufferBuilder& builder) {
  return {builder.data(), static_cast<size_t>(builder.length())};
}

Status AppendVarint(uint64_t value, arrow::BufferBuilder* to) {
  uint8_t bytes[kVarintSizeMax];
  return to->Append(bytes, StoreVarint(value, bytes) - bytes);
}

/// Nothing may be at a null address, which the builder does not take.
Status AppendBytes(std::span<const uint8_t> bytes, arrow::BufferBuilder* to) {
  if (bytes.empty()) return Status::OK();
  return to->Append(bytes.data(), static_cast<int64_t>(bytes.size()));
}

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Whether each record starts where the one before it ends; empty ones may lie anywhere.
bool LieSideBySide(std::span<const std::string_view> records, std::string_view* all) {
  *all = {};
  for (const std::string_view record : records) {
    if (record.empty()) continue;
    if (all->empty()) {
      *all = record;
    } else if (record.data() != all->data() + all->size()) {
      return false;
    } else {
      *all = {all->data(), all->size() + record.size()};
    }
  }
  return true;
}

}  // namespace

ChunkEncoder::ChunkEncoder(const ChunkCompression& compression, arrow::MemoryPool* pool)
    : compression_(compression),
      bytes_(pool),
      sizes_(pool),
      values_(pool),
      stored_sizes_(pool) {}

Status ChunkEncoder::Add(std::span<const std::string_view> records) {
  sizes_.Rewind(0);
  uint64_t total = 0;
  for (const std::string_view record : records) {
    total += record.size();
    ARROW_RETURN_NOT_OK(AppendVarint(record.size(), &sizes_));
  }
  if (total > static_cast<uint64_t>(kDecodedSizeMax)) {
    return DataError("records of one chunk hold ", total, " bytes, expected at most ",
                     kDecodedSizeMax);
  }
  std::string_view values;
  if (!LieSideBySide(records, &values)) {
    values_.Rewind(0);
    for (const std::string_view record : records) {
      ARROW_RETURN_NOT_OK(AppendBytes(Bytes(record), &values_));
    }
    values = {reinterpret_cast<const char*>(values_.data()),
              static_cast<size_t>(values_.length())};
  }
  return AddJoined(static_cast<int64_t>(records.size()), Span(sizes_), Bytes(values));
}

Status ChunkEncoder::AddJoined(int64_t num_records, std::span<const uint8_t> sizes,
                               std::span<const uint8_t> values) {
  const int64_t begin = bytes_.length();
  const auto codec = static_cast<uint8_t>(compression_.codec);
  stored_sizes_.Rewind(0);
  ARROW_RETURN_NOT_OK(AddBlock(sizes, &stored_sizes_));
  ARROW_RETURN_NOT_OK(bytes_.Append(kChunkHeaderSize, 0));
  ARROW_RETURN_NOT_OK(bytes_.Append(&codec, 1));
  ARROW_RETURN_NOT_OK(AppendVarint(stored_sizes_.length(), &bytes_));
  ARROW_RETURN_NOT_OK(AppendBytes(Span(stored_sizes_), &bytes_));
  ARROW_RETURN_NOT_OK(AddBlock(values, &bytes_));

  const auto data = Span(bytes_).subspan(begin + kChunkHeaderSize);
  ChunkHeader header;
  header.data_size = data.size();
  header.data_hash = RiegeliHash(data);
  header.num_records = num_records;
  header.decoded_size = values.size();
  const ChunkHeaderBytes stored = StoreChunkHeader(header);
  std::memcpy(bytes_.mutable_data() + begin, stored.data(), stored.size());
  encoded_.chunks.push_back(
      {bytes_.length() - begin, num_records, static_cast<int64_t>(values.size())});
  return Status::OK();
}

/// A block of sizes or values: as it is, or its length and a compressed stream.
Status ChunkEncoder::AddBlock(std::span<const uint8_t> block,
                              arrow::BufferBuilder* to) const {
  const auto size = static_cast<int64_t>(block.size());
  if (compression_.codec == ChunkCodec::kNone) return AppendBytes(block, to);
  ARROW_RETURN_NOT_OK(AppendVarint(block.size(), to));
  ARROW_RETURN_NOT_OK(to->Reserve(CompressedSizeMax(compression_.codec, size)));
  ARROW_ASSIGN_OR_RAISE(const int64_t stored,
                        Compress(compression_, block, to->mutable_data() + to->length()));
  to->UnsafeAdvance(stored);
  return Status::OK();
}

Result<EncodedChunks> ChunkEncoder::Finish() {
  ARROW_ASSIGN_OR_RAISE(encoded_.bytes, bytes_.Finish(/*shrink_to_fit=*/true));
  return std::move(encoded_);
}

}  // namespace windrow::format
