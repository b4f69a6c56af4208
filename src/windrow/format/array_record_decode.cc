// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_decode.h"

#include <arrow/buffer.h>

#include <cstring>
#include <span>

#include "windrow/format/varint.h"

namespace windrow::format {
namespace {

using Bytes = std::span<const uint8_t>;

/// A block of sizes or values as it is stored, and how long it is decompressed.
struct StoredBlock {
  Bytes stored;
  uint64_t size;
};

Result<StoredBlock> OpenBlock(ChunkCodec codec, Bytes bytes) {
  if (codec == ChunkCodec::kNone) return StoredBlock{bytes, bytes.size()};
  uint64_t size = 0;
  if (!TakeVarint(&bytes, &size)) return DataError("its length is cut");
  return StoredBlock{bytes, size};
}

Status Decode(ChunkCodec codec, const StoredBlock& block, uint8_t* out) {
  if (codec != ChunkCodec::kNone)
    return Decompress(codec, block.stored, {out, block.size});
  if (block.size > 0) std::memcpy(out, block.stored.data(), block.size);
  return Status::OK();
}

Status DecodeSizes(ChunkCodec codec, Bytes bytes, const ChunkHeader& header, int32_t base,
                   int32_t* ends, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(const StoredBlock block, OpenBlock(codec, bytes));
  if (block.size > header.num_records * kVarintSizeMax) {
    return DataError("it holds ", block.size, " bytes for ", header.num_records,
                     " records");
  }
  std::unique_ptr<arrow::Buffer> decompressed;
  Bytes sizes = block.stored;
  if (codec != ChunkCodec::kNone) {
    ARROW_ASSIGN_OR_RAISE(decompressed,
                          arrow::AllocateBuffer(static_cast<int64_t>(block.size), pool));
    ARROW_RETURN_NOT_OK(Decode(codec, block, decompressed->mutable_data()));
    sizes = {decompressed->data(), block.size};
  }
  uint64_t total = 0;
  for (uint64_t i = 0; i < header.num_records; ++i) {
    uint64_t size = 0;
    if (!TakeVarint(&sizes, &size) || size > header.decoded_size - total) {
      return DataError("the length of record ", i, " is cut or leaves the ",
                       header.decoded_size, " bytes of all records");
    }
    total += size;
    ends[i] = base + static_cast<int32_t>(total);
  }
  if (!sizes.empty()) return DataError(sizes.size(), " bytes behind the last length");
  if (total != header.decoded_size) {
    return DataError("the lengths sum to ", total, " bytes, expected ",
                     header.decoded_size);
  }
  return Status::OK();
}

Status DecodeValues(ChunkCodec codec, Bytes bytes, const ChunkHeader& header,
                    uint8_t* values) {
  ARROW_ASSIGN_OR_RAISE(const StoredBlock block, OpenBlock(codec, bytes));
  if (block.size != header.decoded_size) {
    return DataError("it holds ", block.size, " bytes, expected ", header.decoded_size);
  }
  return Decode(codec, block, values);
}

std::string PlaceOf(const char* what, const RiegeliChunk& chunk) {
  return internal::Words(what, " of the chunk at byte ", chunk.begin);
}

}  // namespace

ChunkCodec CodecOf(const RiegeliChunk& chunk) {
  return static_cast<ChunkCodec>(chunk.data->size() > 0 ? chunk.data->data()[0] : 0xff);
}

Status CheckIsDecodable(const RiegeliChunk& chunk) {
  const ChunkHeader& header = chunk.header;
  if (header.type == ChunkType::kTransposed) {
    return DataError("the chunk at byte ", chunk.begin,
                     " is transposed, which is not supported; expected a simple chunk");
  }
  if (header.type != ChunkType::kSimple) {
    return DataError("the chunk at byte ", chunk.begin, " has type ",
                     static_cast<int>(header.type), ", expected a simple chunk");
  }
  if (ChunkCodecName(CodecOf(chunk)).empty()) {
    return DataError("the chunk at byte ", chunk.begin,
                     " has no known compression, expected uncompressed, brotli, snappy "
                     "or zstd");
  }
  if (header.decoded_size > static_cast<uint64_t>(kDecodedSizeMax)) {
    return DataError("the chunk at byte ", chunk.begin, " states ", header.decoded_size,
                     " bytes of records, expected at most ", kDecodedSizeMax);
  }
  return Status::OK();
}

Status DecodeChunk(const RiegeliChunk& chunk, uint8_t* values, int32_t base,
                   int32_t* ends, arrow::MemoryPool* pool) {
  const ChunkCodec codec = CodecOf(chunk);
  Bytes rest(chunk.data->data() + 1, static_cast<size_t>(chunk.data->size() - 1));
  uint64_t sizes_size = 0;
  if (!TakeVarint(&rest, &sizes_size) || sizes_size > rest.size()) {
    return At(PlaceOf("the record lengths", chunk), DataError("they are cut"));
  }
  const Status sizes =
      DecodeSizes(codec, rest.first(sizes_size), chunk.header, base, ends, pool);
  if (!sizes.ok()) return At(PlaceOf("the record lengths", chunk), sizes);
  const Status decoded =
      DecodeValues(codec, rest.subspan(sizes_size), chunk.header, values);
  if (!decoded.ok()) return At(PlaceOf("the records", chunk), decoded);
  return Status::OK();
}

}  // namespace windrow::format
