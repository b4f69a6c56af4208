// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_index.h"

#include <arrow/buffer.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/format/array_record_decode.h"
#include "windrow/format/array_record_message.h"

namespace windrow::format {
namespace {

/// All records of one chunk.
struct DecodedRecords {
  std::shared_ptr<arrow::Buffer> values;
  std::shared_ptr<arrow::Buffer> ends;

  std::span<const uint8_t> operator[](int64_t i) const {
    const auto* end = reinterpret_cast<const int32_t*>(ends->data()) + i;
    const int32_t begin = i == 0 ? 0 : end[-1];
    return {values->data() + begin, static_cast<size_t>(*end - begin)};
  }
};

Result<DecodedRecords> Decode(const RiegeliChunk& chunk, arrow::MemoryPool* pool) {
  ARROW_RETURN_NOT_OK(CheckIsDecodable(chunk));
  const auto num_records = static_cast<int64_t>(chunk.header.num_records);
  DecodedRecords records;
  ARROW_ASSIGN_OR_RAISE(
      records.values,
      arrow::AllocateBuffer(static_cast<int64_t>(chunk.header.decoded_size), pool));
  ARROW_ASSIGN_OR_RAISE(
      records.ends,
      arrow::AllocateBuffer(num_records * static_cast<int64_t>(sizeof(int32_t)), pool));
  ARROW_RETURN_NOT_OK(
      DecodeChunk(chunk, records.values->mutable_data(), 0,
                  reinterpret_cast<int32_t*>(records.ends->mutable_data()), pool));
  return records;
}

Result<int64_t> ReadPostscript(const ReadAt& read, int64_t file_size,
                               arrow::MemoryPool* pool) {
  if (file_size < 2 * kBlockSize || file_size % kBlockSize != 0) {
    return DataError("the file has ", file_size,
                     " bytes, expected a multiple of 65536, and 131072 at least: it is "
                     "cut, or something was appended, or it is no ArrayRecord file");
  }
  const int64_t begin = file_size - kBlockSize;
  const std::string place = internal::Words("the postscript at byte ", begin);
  auto chunk = ReadRiegeliChunk(read, begin, file_size, pool);
  if (!chunk.ok()) return At(place, chunk.status());
  auto records = Decode(*chunk, pool);
  if (!records.ok()) return At(place, records.status());
  if (chunk->header.num_records == 0) return DataError(place, ": it is empty");
  auto footer = ParsePostscript((*records)[0]);
  if (!footer.ok()) return At(place, footer.status());
  if (*footer >= begin) {
    return DataError(place, ": it names a footer at byte ", *footer,
                     ", expected one before");
  }
  return footer;
}

/// Puts the chunk of one footer record into the index.
Status AddChunk(const ArrayRecordEntry& entry, int64_t num_chunks,
                ArrayRecordIndex* index) {
  const int64_t chunk = index->num_chunks();
  const int64_t least = chunk == 0 ? 0 : index->chunk_begins.back() + kChunkHeaderSize;
  if (entry.chunk_begin < least || entry.chunk_begin >= index->footer_begin) {
    return DataError("chunk ", chunk, " begins at byte ", entry.chunk_begin,
                     ", expected a byte from ", least, " to ", index->footer_begin - 1);
  }
  if (chunk == 0) index->group_size = entry.num_records;
  const bool is_last = chunk + 1 == num_chunks;
  const bool fits = is_last ? entry.num_records <= index->group_size
                            : entry.num_records == index->group_size;
  if (entry.num_records < 1 || !fits) {
    return DataError("chunk ", chunk, " at byte ", entry.chunk_begin, " has ",
                     entry.num_records, " records, expected ", is_last ? "at most " : "",
                     std::max<int64_t>(1, index->group_size));
  }
  if (entry.num_records > index->footer_begin - entry.chunk_begin) {
    return DataError("chunk ", chunk, " at byte ", entry.chunk_begin, " has ",
                     entry.num_records, " records, more than bytes up to the footer");
  }
  if (entry.decoded_size > kDecodedSizeMax) {
    return DataError("chunk ", chunk, " at byte ", entry.chunk_begin, " states ",
                     entry.decoded_size, " bytes of records, expected at most ",
                     kDecodedSizeMax);
  }
  index->chunk_begins.push_back(entry.chunk_begin);
  index->decoded_sizes.push_back(static_cast<int32_t>(entry.decoded_size));
  index->num_records += entry.num_records;
  return Status::OK();
}

Status ReadFooter(const RiegeliChunk& footer, arrow::MemoryPool* pool,
                  ArrayRecordIndex* index) {
  ARROW_ASSIGN_OR_RAISE(const DecodedRecords records, Decode(footer, pool));
  const auto num_records = static_cast<int64_t>(footer.header.num_records);
  if (num_records == 0) return DataError("it is empty, expected metadata");
  ARROW_ASSIGN_OR_RAISE(const ArrayRecordMetadata metadata, ParseMetadata(records[0]));
  const int64_t num_chunks = num_records - 1;
  if (metadata.num_chunks != num_chunks) {
    return DataError("it lists ", num_chunks, " chunks, expected ", metadata.num_chunks);
  }
  index->chunk_begins.reserve(num_chunks + 1);
  index->decoded_sizes.reserve(num_chunks);
  for (int64_t chunk = 0; chunk < num_chunks; ++chunk) {
    auto entry = ParseEntry(records[chunk + 1]);
    if (!entry.ok()) {
      return windrow::At(internal::Words("entry ", chunk), entry.status());
    }
    ARROW_RETURN_NOT_OK(AddChunk(*entry, num_chunks, index));
  }
  index->chunk_begins.push_back(index->footer_begin);
  if (metadata.num_records != index->num_records) {
    return DataError("its chunks hold ", index->num_records, " records, expected ",
                     metadata.num_records);
  }
  index->writer_options = metadata.writer_options;
  index->footer_codec = CodecOf(footer);
  return Status::OK();
}

}  // namespace

Result<ArrayRecordIndex> ReadArrayRecordIndex(const ReadAt& read, int64_t file_size,
                                              arrow::MemoryPool* pool) {
  ArrayRecordIndex index;
  index.file_size = file_size;
  ARROW_ASSIGN_OR_RAISE(index.footer_begin, ReadPostscript(read, file_size, pool));
  const std::string place = internal::Words("the footer at byte ", index.footer_begin);
  const auto footer =
      ReadRiegeliChunk(read, index.footer_begin, file_size - kBlockSize, pool);
  if (!footer.ok()) return At(place, footer.status());
  const Status status = ReadFooter(*footer, pool, &index);
  if (!status.ok()) return At(place, status);
  return index;
}

Status CheckDataChunk(const ArrayRecordIndex& index, int64_t number,
                      const RiegeliChunk& chunk) {
  ARROW_RETURN_NOT_OK(CheckIsDecodable(chunk));
  const auto num_records = static_cast<int64_t>(chunk.header.num_records);
  const auto decoded_size = static_cast<int64_t>(chunk.header.decoded_size);
  if (num_records == index.num_records_of(number) &&
      decoded_size == index.decoded_sizes[number]) {
    return Status::OK();
  }
  return DataError("chunk ", number, " at byte ", chunk.begin, " has ", num_records,
                   " records of ", decoded_size, " bytes, but the footer says ",
                   index.num_records_of(number), " of ", index.decoded_sizes[number]);
}

Result<RiegeliChunk> ParseDataChunk(const ArrayRecordIndex& index, int64_t number,
                                    const FileStretch& stretch, arrow::MemoryPool* pool) {
  WINDROW_CHECK(number >= 0 && number < index.num_chunks());
  const int64_t begin = index.chunk_begins[number];
  const int64_t end = index.chunk_begins[number + 1];
  WINDROW_CHECK(begin >= stretch.begin && end <= stretch.end());
  const FileStretch own{
      arrow::SliceBuffer(stretch.bytes, begin - stretch.begin, end - begin), begin};
  ARROW_ASSIGN_OR_RAISE(RiegeliChunk chunk, ParseRiegeliChunk(own, begin, pool));
  ARROW_RETURN_NOT_OK(CheckDataChunk(index, number, chunk));
  return chunk;
}

}  // namespace windrow::format
