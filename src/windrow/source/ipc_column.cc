// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_column.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/compression.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace windrow::source {
namespace {

using format::IpcCodec;
using format::IpcSpan;

enum class Shape { kNull, kFixed, kOffsets32, kOffsets64, kOther };

Shape ShapeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return Shape::kNull;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Shape::kOffsets32;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return Shape::kOffsets64;
    case arrow::Type::DICTIONARY:
    case arrow::Type::EXTENSION:
      return Shape::kOther;
    default:
      return arrow::is_fixed_width(type.id()) ? Shape::kFixed : Shape::kOther;
  }
}

/// The file's bytes cannot expand more than this, so a larger stated size is damage and
/// must not be allocated: LZ4 stores a run at 255 bytes to one, zstd a 128 KiB run in 4.
int64_t MostBytes(IpcCodec codec, int64_t stored) {
  const int64_t ratio = codec == IpcCodec::kLz4Frame ? 256 : 64 * 1024;
  return stored > std::numeric_limits<int64_t>::max() / ratio
             ? std::numeric_limits<int64_t>::max()
             : stored * ratio;
}

Result<arrow::util::Codec*> ThreadCodec(IpcCodec codec) {
  thread_local std::array<std::unique_ptr<arrow::util::Codec>, 2> codecs;
  const bool is_lz4 = codec == IpcCodec::kLz4Frame;
  auto& slot = codecs[is_lz4 ? 0 : 1];
  if (slot == nullptr) {
    ARROW_ASSIGN_OR_RAISE(
        slot, arrow::util::Codec::Create(is_lz4 ? arrow::Compression::LZ4_FRAME
                                                : arrow::Compression::ZSTD));
  }
  return slot.get();
}

/// A compressed buffer: its size as a little-endian int64, or -1 for bytes stored raw,
/// then the bytes.
Result<std::shared_ptr<arrow::Buffer>> Decompress(const MappedFile& mapped,
                                                  IpcCodec codec, IpcSpan span,
                                                  arrow::MemoryPool* pool) {
  constexpr int64_t kPrefix = sizeof(int64_t);
  if (span.length == 0) return mapped.Slice(span.offset, 0);
  if (span.length < kPrefix) {
    return DataError("compressed buffer of ", span.length, " bytes, expected at least 8");
  }
  const uint8_t* bytes = mapped.data() + span.offset;
  int64_t size;
  std::memcpy(&size, bytes, kPrefix);
  const int64_t stored = span.length - kPrefix;
  if (size == -1) return mapped.Slice(span.offset + kPrefix, stored);
  if (size < 0 || size > MostBytes(codec, stored)) {
    return DataError("compressed buffer of ", stored, " bytes states ", size,
                     " bytes of content");
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> content,
                        arrow::AllocateBuffer(size, pool));
  if (size == 0) return content;
  ARROW_ASSIGN_OR_RAISE(arrow::util::Codec * decoder, ThreadCodec(codec));
  auto written =
      decoder->Decompress(stored, bytes + kPrefix, size, content->mutable_data());
  if (!written.ok()) {
    return DataError("corrupt ", format::IpcCodecName(codec),
                     " buffer: ", written.status().message());
  }
  if (*written != size) {
    return DataError("corrupt ", format::IpcCodecName(codec), " buffer: found ", *written,
                     " bytes of content, expected ", size);
  }
  return content;
}

template <typename Offset>
bool Ascends(const Offset* offsets, int64_t count) {
  // No early exit, so that the loop runs in vector registers.
  Offset bad = 0;
  for (int64_t i = 0; i < count; ++i) bad |= offsets[i + 1] < offsets[i];
  return bad == 0;
}

class PlainColumn {
 public:
  PlainColumn(const IpcFile& file, int batch, int column, OffsetCheck check,
              arrow::MemoryPool* pool)
      : file_(file),
        batch_(batch),
        column_(column),
        type_(file.schema()->field(column)->type()),
        shape_(ShapeOf(*type_)),
        check_(check),
        pool_(pool) {}

  Result<std::shared_ptr<arrow::Array>> Load(int64_t begin, int64_t count) {
    ARROW_ASSIGN_OR_RAISE(const format::IpcNode node, file_.Node(batch_, column_));
    rows_ = file_.batch(batch_).rows;
    if (node.length != rows_) {
      return DataError("has ", node.length, " rows, the batch has ", rows_);
    }
    if (shape_ == Shape::kNull) return std::make_shared<arrow::NullArray>(count);
    if (count == 0) return arrow::MakeEmptyArray(type_, pool_);
    if (node.null_count == rows_) return AllNull(count);
    ARROW_ASSIGN_OR_RAISE(range_, file_.Buffers(batch_, column_));
    arrow::BufferVector buffers(1);
    int64_t null_count = 0;
    if (node.null_count > 0) {
      ARROW_ASSIGN_OR_RAISE(
          buffers[0], Buffer(0, arrow::bit_util::BytesForBits(rows_), "validity bits"));
      null_count =
          count - arrow::internal::CountSetBits(buffers[0]->data(), begin, count);
      if (null_count == 0) buffers[0] = nullptr;
    }
    ARROW_RETURN_NOT_OK(AppendValues(begin, count, &buffers));
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, count, std::move(buffers), null_count, begin));
  }

 private:
  Result<std::shared_ptr<arrow::Array>> AllNull(int64_t count) {
    int64_t bytes = 0;
    ARROW_ASSIGN_OR_RAISE(bytes, ValueBytes(count));
    ARROW_ASSIGN_OR_RAISE(auto validity,
                          file_.Zeros(arrow::bit_util::BytesForBits(count)));
    ARROW_ASSIGN_OR_RAISE(auto values, file_.Zeros(bytes));
    arrow::BufferVector buffers = {std::move(validity), std::move(values)};
    if (shape_ != Shape::kFixed) {
      buffers.push_back(arrow::SliceBuffer(buffers[1], 0, 0));
    }
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, count, std::move(buffers), count));
  }

  Status AppendValues(int64_t begin, int64_t count, arrow::BufferVector* buffers) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, ValueBytes(rows_));
    if (shape_ == Shape::kFixed) {
      ARROW_ASSIGN_OR_RAISE(auto values, Buffer(1, bytes, "values"));
      buffers->push_back(std::move(values));
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto offsets, Buffer(1, bytes, "offsets"));
    ARROW_ASSIGN_OR_RAISE(auto values, Buffer(2, 0, "values"));
    const Status checked =
        shape_ == Shape::kOffsets32
            ? CheckOffsets(offsets->data_as<int32_t>() + begin, count, values->size())
            : CheckOffsets(offsets->data_as<int64_t>() + begin, count, values->size());
    ARROW_RETURN_NOT_OK(checked);
    buffers->push_back(std::move(offsets));
    buffers->push_back(std::move(values));
    return Status::OK();
  }

  template <typename Offset>
  Status CheckOffsets(const Offset* offsets, int64_t count, int64_t size) const {
    if (offsets[0] < 0 || offsets[count] > size) {
      return DataError("offsets run from ", offsets[0], " to ", offsets[count],
                       ", expected within 0 to ", size);
    }
    if (check_ == OffsetCheck::kAll && !Ascends(offsets, count))
      return DataError("offsets do not ascend");
    return Status::OK();
  }

  /// Least size of the values, or offsets, of `rows` rows.
  Result<int64_t> ValueBytes(int64_t rows) const {
    int64_t bits = 64;
    if (shape_ == Shape::kOffsets32) bits = 32;
    if (shape_ == Shape::kFixed) {
      bits = static_cast<const arrow::FixedWidthType&>(*type_).bit_width();
    }
    const int64_t entries = shape_ == Shape::kFixed ? rows : rows + 1;
    if (bits > 0 && rows > (std::numeric_limits<int64_t>::max() - 64) / bits - 1) {
      return DataError("states ", rows, " rows");
    }
    return arrow::bit_util::BytesForBits(entries * bits);
  }

  Result<std::shared_ptr<arrow::Buffer>> Buffer(int index, int64_t least,
                                                const char* name) {
    ARROW_ASSIGN_OR_RAISE(const IpcSpan span,
                          file_.layout().Buffer(batch_, range_.first + index));
    const IpcCodec codec = file_.batch(batch_).codec;
    std::shared_ptr<arrow::Buffer> buffer;
    if (codec == IpcCodec::kNone) {
      buffer = file_.mapped().Slice(span.offset, span.length);
    } else {
      ARROW_ASSIGN_OR_RAISE(buffer, Decompress(file_.mapped(), codec, span, pool_));
    }
    if (buffer->size() < least) {
      return DataError(name, " of ", buffer->size(), " bytes, expected at least ", least,
                       " for ", rows_, " rows");
    }
    if (buffer->size() > 0 && buffer->address() % alignof(int64_t) != 0) {
      return buffer->CopySlice(0, buffer->size(), pool_);
    }
    return buffer;
  }

  const IpcFile& file_;
  const int batch_;
  const int column_;
  const std::shared_ptr<arrow::DataType>& type_;
  const Shape shape_;
  const OffsetCheck check_;
  arrow::MemoryPool* const pool_;
  int64_t rows_ = 0;
  format::IpcBufferRange range_;
};

}  // namespace

bool IsPlainIpcType(const arrow::DataType& type) {
  return ShapeOf(type) != Shape::kOther;
}

Result<std::shared_ptr<arrow::Array>> LoadPlainIpcColumn(const IpcFile& file, int batch,
                                                         int column, int64_t begin,
                                                         int64_t count, OffsetCheck check,
                                                         arrow::MemoryPool* pool) {
  auto loaded = PlainColumn(file, batch, column, check, pool).Load(begin, count);
  if (!loaded.ok()) return AtInput(file.Where(batch, column), loaded.status());
  return loaded;
}

}  // namespace windrow::source
