// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_verify.h"

#include <arrow/buffer.h>
#include <arrow/util/cancel.h>

#include <algorithm>
#include <vector>

#include "windrow/format/array_record_decode.h"

namespace windrow::format {
namespace {

Status CheckZero(std::span<const uint8_t> bytes, int64_t position) {
  const auto found =
      std::find_if(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte != 0; });
  if (found == bytes.end()) return Status::OK();
  return DataError("the padding at byte ", position + (found - bytes.begin()),
                   " is not zero");
}

/// Walks a file from chunk to chunk.
class Verification {
 public:
  Verification(const ArrayRecordIndex& index, const ReadAt& read,
               const arrow::StopToken& stop, arrow::MemoryPool* pool)
      : index_(index), read_(read), stop_(stop), pool_(pool) {}

  Status Run() {
    const int64_t postscript = index_.file_size - kBlockSize;
    for (int64_t position = 0; position < index_.file_size;) {
      ARROW_RETURN_NOT_OK(stop_.Poll());
      // No chunk reaches over the start of what stands at a place of its own.
      const int64_t limit = position < index_.footer_begin ? index_.footer_begin
                            : position < postscript        ? postscript
                                                           : index_.file_size;
      ARROW_ASSIGN_OR_RAISE(const RiegeliChunk chunk,
                            ReadRiegeliChunk(read_, position, limit, pool_));
      ARROW_RETURN_NOT_OK(CheckChunk(chunk));
      ARROW_RETURN_NOT_OK(CheckPadding(chunk));
      position = chunk.end;
    }
    if (next_ == index_.num_chunks()) return Status::OK();
    return DataError("chunk ", next_, " of the footer is missing at byte ",
                     index_.chunk_begins[next_]);
  }

 private:
  Status CheckChunk(const RiegeliChunk& chunk) {
    const bool is_data = chunk.begin < index_.footer_begin;
    switch (chunk.header.type) {
      case ChunkType::kPadding:
        return CheckCounts(chunk);
      case ChunkType::kMetadata:
        return CheckIsBeforeFooter(chunk, is_data);
      case ChunkType::kSignature:
        ARROW_RETURN_NOT_OK(CheckIsBeforeFooter(chunk, is_data));
        return CheckCounts(chunk);
      default:
        break;
    }
    if (chunk.begin == 0) {
      return DataError("the chunk at byte 0 is no signature");
    }
    if (is_data) {
      ARROW_RETURN_NOT_OK(CheckData(chunk));
    } else if (chunk.begin != index_.footer_begin &&
               chunk.begin != index_.file_size - kBlockSize) {
      return DataError("the chunk at byte ", chunk.begin,
                       " stands behind the footer, expected padding");
    }
    return DecodeAll(chunk);
  }

  /// The footer and the postscript name their own places.
  Status CheckIsBeforeFooter(const RiegeliChunk& chunk, bool is_before) const {
    if (is_before) return Status::OK();
    return DataError("the chunk at byte ", chunk.begin, " has type ",
                     static_cast<char>(chunk.header.type),
                     ", expected records or padding");
  }

  static Status CheckCounts(const RiegeliChunk& chunk) {
    if (chunk.header.num_records == 0 && chunk.header.decoded_size == 0) {
      return Status::OK();
    }
    return DataError("the chunk at byte ", chunk.begin, " states ",
                     chunk.header.num_records, " records, expected none");
  }

  Status CheckData(const RiegeliChunk& chunk) {
    if (next_ == index_.num_chunks() || chunk.begin != index_.chunk_begins[next_]) {
      return DataError("the chunk at byte ", chunk.begin, " is not in the footer");
    }
    return CheckDataChunk(index_, next_++, chunk);
  }

  Status DecodeAll(const RiegeliChunk& chunk) {
    ARROW_RETURN_NOT_OK(CheckIsDecodable(chunk));
    const ChunkHeader& header = chunk.header;
    ARROW_ASSIGN_OR_RAISE(
        const auto values,
        arrow::AllocateBuffer(static_cast<int64_t>(header.decoded_size), pool_));
    ends_.resize(header.num_records);
    ARROW_RETURN_NOT_OK(
        DecodeChunk(chunk, values->mutable_data(), 0, ends_.data(), pool_));
    if (chunk.begin != index_.file_size - kBlockSize) return Status::OK();
    const auto third = static_cast<int64_t>(header.decoded_size) / 3;
    const uint8_t* first = values->data();
    const bool are_equal = ends_.size() == 3 && ends_[0] == third &&
                           ends_[1] == 2 * third && ends_[2] == 3 * third &&
                           std::equal(first, first + 2 * third, first + third);
    if (are_equal) return Status::OK();
    return DataError("the postscript at byte ", chunk.begin,
                     " does not hold the same three times");
  }

  /// The data of a padding chunk and what stands behind any data.
  Status CheckPadding(const RiegeliChunk& chunk) const {
    if (chunk.header.type == ChunkType::kPadding) {
      ARROW_RETURN_NOT_OK(CheckZero(
          {chunk.data->data(), static_cast<size_t>(chunk.data->size())}, chunk.begin));
    }
    for (int64_t position = chunk.data_end; position < chunk.end;) {
      if (BlockRest(position) == 0) position += kBlockHeaderSize;
      const int64_t size = std::min(chunk.end - position, BlockRest(position));
      ARROW_ASSIGN_OR_RAISE(const auto bytes, read_(position, size));
      ARROW_RETURN_NOT_OK(
          CheckZero({bytes->data(), static_cast<size_t>(size)}, position));
      position += size;
    }
    return Status::OK();
  }

  const ArrayRecordIndex& index_;
  const ReadAt& read_;
  const arrow::StopToken& stop_;
  arrow::MemoryPool* pool_;
  int64_t next_ = 0;  ///< chunk of the index that is to come
  std::vector<int32_t> ends_;
};

}  // namespace

Status VerifyArrayRecord(const ArrayRecordIndex& index, const ReadAt& read,
                         const arrow::StopToken& stop, arrow::MemoryPool* pool) {
  return Verification(index, read, stop, pool).Run();
}

}  // namespace windrow::format
