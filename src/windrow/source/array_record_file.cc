// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/array_record_file.h"

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/type.h>

#include <filesystem>

#include "windrow/format/array_record_decode.h"

namespace windrow::source {
namespace {

constexpr int64_t kRangeStoredBytes = 4 << 20;
constexpr int64_t kRangeDecodedBytes = 8 << 20;

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenBytes(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return DataError(path, ": is a directory, expected an ArrayRecord file");
  }
  if (!std::filesystem::exists(path, error)) {
    return StorageError(path, ": no such file");
  }
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return At(path, file.status());
  return *std::move(file);
}

Result<std::shared_ptr<arrow::Buffer>> ReadBytes(arrow::io::RandomAccessFile& file,
                                                 int64_t begin, int64_t size,
                                                 arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(size, pool));
  ARROW_ASSIGN_OR_RAISE(const int64_t found,
                        file.ReadAt(begin, size, buffer->mutable_data()));
  if (found != size) {
    return DataError("the file ends at byte ", begin + found, ", expected ",
                     begin + size);
  }
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

void CutIntoRanges(ArrayRecordFile* file) {
  const format::ArrayRecordIndex& index = file->index;
  int64_t decoded = 0;
  for (int64_t chunk = 0; chunk < index.num_chunks(); ++chunk) {
    const int64_t decoded_size = index.decoded_sizes[chunk];
    const bool is_full =
        chunk > 0 &&
        (index.chunk_begins[chunk + 1] - index.chunk_begins[file->range_chunks.back()] >
             kRangeStoredBytes ||
         decoded + decoded_size > kRangeDecodedBytes);
    if (chunk == 0 || is_full) {
      file->range_chunks.push_back(chunk);
      file->row_offsets.push_back(index.first_record(chunk));
      decoded = 0;
    }
    decoded += decoded_size;
  }
  file->range_chunks.push_back(index.num_chunks());
  file->row_offsets.push_back(index.num_records);
}

}  // namespace

Result<format::FileStretch> ArrayRecordFile::ReadChunks(int64_t first, int64_t last,
                                                        arrow::MemoryPool* pool) const {
  format::FileStretch stretch;
  stretch.begin = index.chunk_begins[first];
  auto read =
      ReadBytes(*bytes, stretch.begin, index.chunk_begins[last] - stretch.begin, pool);
  if (!read.ok()) return At(path, read.status());
  stretch.bytes = *std::move(read);
  return stretch;
}

Result<std::shared_ptr<arrow::Array>> ArrayRecordFile::DecodeChunks(
    const format::FileStretch& stretch, int64_t first, int64_t last,
    arrow::MemoryPool* pool) const {
  const int64_t num_rows = index.first_record(last) - index.first_record(first);
  int64_t num_bytes = 0;
  for (int64_t i = first; i < last; ++i) num_bytes += index.decoded_sizes[i];
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(num_bytes, pool));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer((num_rows + 1) * static_cast<int64_t>(sizeof(int32_t)),
                            pool));
  auto* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  *ends++ = 0;
  int32_t base = 0;
  for (int64_t i = first; i < last; ++i) {
    auto chunk = format::ParseDataChunk(index, i, stretch, pool);
    if (!chunk.ok()) return At(path, chunk.status());
    const Status decoded =
        format::DecodeChunk(*chunk, values->mutable_data() + base, base, ends, pool);
    if (!decoded.ok()) return At(path, decoded);
    ends += index.num_records_of(i);
    base += index.decoded_sizes[i];
  }
  return std::make_shared<arrow::BinaryArray>(num_rows, std::move(offsets),
                                              std::move(values));
}

Result<std::shared_ptr<const ArrayRecordFile>> OpenArrayRecordFile(
    const std::string& path) {
  auto file = std::make_shared<ArrayRecordFile>();
  file->path = path;
  file->schema = arrow::schema({arrow::field("record", arrow::binary(), false)});
  ARROW_ASSIGN_OR_RAISE(file->bytes, OpenBytes(path));
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  const format::ReadAt read = [&](int64_t begin, int64_t size) {
    return ReadBytes(*file->bytes, begin, size, pool);
  };
  auto size = file->bytes->GetSize();
  if (!size.ok()) return At(path, size.status());
  auto index = format::ReadArrayRecordIndex(read, *size, pool);
  if (!index.ok()) return At(path, index.status());
  file->index = *std::move(index);
  CutIntoRanges(file.get());
  return file;
}

}  // namespace windrow::source
