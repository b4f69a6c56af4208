// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_bytes.h"

#include <arrow/buffer.h>
#include <arrow/util/cancel.h>

#include <algorithm>
#include <cstring>

#include "windrow/source/read_ranges.h"

namespace windrow::source {
namespace {

// A gap of 64 KiB costs less to read than one more system call; 32 MiB bound an
// allocation, and the time until a stop request is seen.
constexpr CoalesceLimits kLocalLimits{64 << 10, 32 << 20};

Status OnlyPositional() {
  return InternalError("a Parquet input was read without a position");
}

Result<std::shared_ptr<arrow::Buffer>> ReadWhole(arrow::io::RandomAccessFile& file,
                                                 const arrow::io::ReadRange& range,
                                                 arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(range.length, pool));
  ARROW_ASSIGN_OR_RAISE(const int64_t found,
                        file.ReadAt(range.offset, range.length, buffer->mutable_data()));
  if (found != range.length) {
    return DataError("the file ends at byte ", range.offset + found,
                     ", its footer names ", range.length, " bytes at ", range.offset);
  }
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

}  // namespace

Result<int64_t> PositionalFile::Tell() const { return OnlyPositional(); }
Status PositionalFile::Seek(int64_t) { return OnlyPositional(); }
Result<int64_t> PositionalFile::Read(int64_t, void*) { return OnlyPositional(); }
Result<std::shared_ptr<arrow::Buffer>> PositionalFile::Read(int64_t) {
  return OnlyPositional();
}

CountingFile::CountingFile(std::shared_ptr<arrow::io::RandomAccessFile> file,
                           arrow::MemoryPool* pool)
    : file_(std::move(file)), pool_(pool) {}

Result<int64_t> CountingFile::GetSize() { return file_->GetSize(); }

Result<int64_t> CountingFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t found, file_->ReadAt(position, nbytes, out));
  bytes_read_ += found;
  return found;
}

Result<std::shared_ptr<arrow::Buffer>> CountingFile::ReadAt(int64_t position,
                                                            int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file_->GetSize());
  // Checked before allocating: a damaged footer may ask for anything.
  if (position < 0 || nbytes < 0 || position > file_size ||
      nbytes > file_size - position) {
    return DataError("the footer names ", nbytes, " bytes at ", position,
                     ", the file has ", file_size);
  }
  bytes_read_ += nbytes;
  return ReadWhole(*file_, {position, nbytes}, pool_);
}

Result<std::shared_ptr<FetchedRanges>> FetchedRanges::Fetch(
    arrow::io::RandomAccessFile& file, std::vector<arrow::io::ReadRange> ranges,
    arrow::MemoryPool* pool, const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file.GetSize());
  ARROW_ASSIGN_OR_RAISE(ranges,
                        CoalesceRanges(std::move(ranges), file_size, kLocalLimits));
  auto fetched = std::make_shared<FetchedRanges>(file_size);
  for (const auto& range : ranges) {
    ARROW_RETURN_NOT_OK(stop.Poll());
    ARROW_ASSIGN_OR_RAISE(auto bytes, ReadWhole(file, range, pool));
    fetched->Add(range.offset, std::move(bytes));
  }
  return fetched;
}

Result<std::shared_ptr<arrow::Buffer>> FetchedRanges::ReadAt(int64_t position,
                                                             int64_t nbytes) {
  if (nbytes == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
  auto after = std::upper_bound(
      pieces_.begin(), pieces_.end(), position,
      [](int64_t offset, const Piece& piece) { return offset < piece.offset; });
  if (after == pieces_.begin())
    return InternalError("bytes at ", position, " not fetched");
  const Piece& piece = *std::prev(after);
  const int64_t start = position - piece.offset;
  if (nbytes < 0 || start > piece.bytes->size() || nbytes > piece.bytes->size() - start) {
    return InternalError(nbytes, " bytes at ", position, " not fetched");
  }
  return arrow::SliceBuffer(piece.bytes, start, nbytes);
}

Result<int64_t> FetchedRanges::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(position, nbytes));
  if (bytes->size() > 0) std::memcpy(out, bytes->data(), bytes->size());
  return bytes->size();
}

}  // namespace windrow::source
