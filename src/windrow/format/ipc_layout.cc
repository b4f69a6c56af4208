// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/ipc_layout.h"

#include <flatbuffers/flatbuffers.h>

#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "windrow/format/ipc_message_generated.h"

namespace windrow::format {
namespace {

constexpr std::string_view kMagic = "ARROW1";
constexpr int64_t kFileStart = 8;  // the magic and its padding
constexpr int64_t kFileEnd = sizeof(int32_t) + kMagic.size();
constexpr int32_t kContinuation = -1;

int32_t LoadInt32(const uint8_t* at) {
  int32_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

bool Fits(int64_t offset, int64_t length, int64_t size) {
  return offset >= 0 && length >= 0 && length <= size && offset <= size - length;
}

std::string Quoted(const uint8_t* data, int64_t size) {
  std::string text = "'";
  for (int64_t i = 0; i < size; ++i) {
    const bool printable = data[i] >= 0x20 && data[i] < 0x7f;
    text += printable ? static_cast<char>(data[i]) : '.';
  }
  return text + "'";
}

}  // namespace

const char* IpcCodecName(IpcCodec codec) {
  switch (codec) {
    case IpcCodec::kLz4Frame:
      return "lz4";
    case IpcCodec::kZstd:
      return "zstd";
    case IpcCodec::kNone:
      break;
  }
  return "uncompressed";
}

class IpcLayout::Reader {
 public:
  Reader(const uint8_t* data, int64_t size) : data_(data), size_(size) {}

  Result<IpcLayout> Read() {
    if (size_ == 0) return DataError("the file is empty, expected Arrow IPC data");
    const bool is_file = size_ >= static_cast<int64_t>(kMagic.size()) &&
                         std::memcmp(data_, kMagic.data(), kMagic.size()) == 0;
    layout_.is_stream_ = !is_file;
    ARROW_RETURN_NOT_OK(is_file ? ReadFile() : ReadStream());
    return std::move(layout_);
  }

 private:
  /// A message with verified metadata.
  struct Parsed {
    IpcMessage place;
    const ipc_wire::Message* message = nullptr;  ///< null at the end-of-stream marker
  };

  /// Metadata at an address that is a multiple of 8, copied there if need be.
  const uint8_t* Aligned(const uint8_t* bytes, int64_t length) {
    if (reinterpret_cast<uintptr_t>(bytes) % alignof(uint64_t) == 0) return bytes;
    auto copy = std::make_unique_for_overwrite<uint64_t[]>((length + 7) / 8);
    std::memcpy(copy.get(), bytes, length);
    layout_.aligned_copies_.push_back(std::move(copy));
    return reinterpret_cast<const uint8_t*>(layout_.aligned_copies_.back().get());
  }

  /// `limit`: the end of the bytes the message may use.
  Result<Parsed> ReadMessage(int64_t offset, int64_t limit) {
    if (!Fits(offset, sizeof(int32_t), limit)) {
      return DataError("message at byte ", offset, " is cut by the end of the data at ",
                       limit);
    }
    int64_t prefix = sizeof(int32_t);
    int32_t length = LoadInt32(data_ + offset);
    if (length == kContinuation) {
      prefix = 2 * sizeof(int32_t);
      if (!Fits(offset, prefix, limit)) {
        return DataError("message at byte ", offset, " is cut by the end of the data at ",
                         limit);
      }
      length = LoadInt32(data_ + offset + sizeof(int32_t));
    }
    Parsed parsed;
    parsed.place.head = {offset, prefix + length};
    if (length == 0) return parsed;
    if (length < 0 || length == std::numeric_limits<int32_t>::max() ||
        !Fits(offset, prefix + length, limit)) {
      return DataError("message at byte ", offset, " states ", length,
                       " bytes of metadata, found ", limit - offset - prefix);
    }
    const uint8_t* metadata = Aligned(data_ + offset + prefix, length);
    flatbuffers::Verifier verifier(metadata, static_cast<size_t>(length));
    if (!ipc_wire::VerifyMessageBuffer(verifier)) {
      return DataError("message at byte ", offset, " has damaged metadata");
    }
    parsed.message = ipc_wire::GetMessage(metadata);
    if (parsed.message->version() < ipc_wire::MetadataVersion::V4 ||
        parsed.message->version() > ipc_wire::MetadataVersion::V5) {
      return DataError("message at byte ", offset, " has metadata version V",
                       static_cast<int>(parsed.message->version()) + 1,
                       ", expected V4 or V5");
    }
    return parsed;
  }

  Status PlaceBody(int64_t offset, int64_t limit, Parsed* parsed) {
    const int64_t length = parsed->message->body_length();
    if (!Fits(offset, length, limit)) {
      return DataError("message at byte ", parsed->place.head.offset,
                       " states a body of ", length, " bytes, found ", limit - offset);
    }
    parsed->place.body = {offset, length};
    return Status::OK();
  }

  Status AddBatch(const Parsed& parsed) {
    const ipc_wire::RecordBatch* header = parsed.message->header_as_RecordBatch();
    if (header == nullptr) {
      return DataError("message at byte ", parsed.place.head.offset,
                       " is not a record batch, expected one");
    }
    const int64_t rows = header->length();
    if (rows < 0 || rows > std::numeric_limits<int64_t>::max() - num_rows_) {
      return DataError("states ", rows, " rows");
    }
    num_rows_ += rows;
    IpcBatch batch;
    batch.rows = rows;
    batch.message = parsed.place;
    batch.is_v4 = parsed.message->version() == ipc_wire::MetadataVersion::V4;
    batch.num_dictionaries = static_cast<int>(layout_.dictionaries_.size());
    batch.header = header;
    ARROW_ASSIGN_OR_RAISE(batch.codec, CodecOf(*parsed.message, *header));
    layout_.batches_.push_back(batch);
    return Status::OK();
  }

  static Result<IpcCodec> CodecOf(const ipc_wire::Message& message,
                                  const ipc_wire::RecordBatch& header) {
    if (message.custom_metadata() != nullptr) {
      for (const ipc_wire::KeyValue* pair : *message.custom_metadata()) {
        if (pair->key() != nullptr &&
            pair->key()->string_view() == "ARROW:experimental_compression") {
          return DataError(
              "uses the compression of Arrow 0.17, expected that of 1.0 or later");
        }
      }
    }
    if (header.compression() == nullptr) return IpcCodec::kNone;
    if (header.compression()->method() == ipc_wire::BodyCompressionMethod::BUFFER) {
      switch (header.compression()->codec()) {
        case ipc_wire::CompressionType::LZ4_FRAME:
          return IpcCodec::kLz4Frame;
        case ipc_wire::CompressionType::ZSTD:
          return IpcCodec::kZstd;
      }
    }
    return DataError("has compression codec ",
                     static_cast<int>(header.compression()->codec()),
                     ", expected lz4 (0) or zstd (1)");
  }

  Status ReadStream() {
    int64_t offset = 0;
    bool have_schema = false;
    while (offset < size_) {
      const std::string where =
          have_schema ? internal::Words("record batch ", layout_.batches_.size())
                      : "not an Arrow IPC file or stream, which starts with " +
                            Quoted(data_, std::min<int64_t>(size_, 8));
      auto read = ReadMessage(offset, size_);
      if (!read.ok()) return At(where, read.status());
      Parsed parsed = *read;
      offset += parsed.place.head.length;
      if (parsed.message == nullptr) break;
      ARROW_RETURN_NOT_OK(At(where, PlaceBody(offset, size_, &parsed)));
      offset += parsed.place.body.length;
      ARROW_RETURN_NOT_OK(At(where, AddStreamMessage(parsed, &have_schema)));
    }
    if (!have_schema) return DataError("the stream has no schema message");
    if (offset != size_) {
      return DataError("record batch ", layout_.batches_.size(), ": ", size_ - offset,
                       " bytes follow the end of the stream at byte ", offset);
    }
    return Status::OK();
  }

  Status AddStreamMessage(const Parsed& parsed, bool* have_schema) {
    const ipc_wire::MessageHeader kind = parsed.message->header_type();
    if ((kind == ipc_wire::MessageHeader::Schema) == *have_schema) {
      return DataError("message at byte ", parsed.place.head.offset, " is of kind ",
                       ipc_wire::EnumNameMessageHeader(kind), ", expected ",
                       *have_schema ? "a record batch" : "a schema");
    }
    if (!*have_schema) {
      *have_schema = true;
      layout_.schema_message_ = parsed.place;
      return Status::OK();
    }
    if (kind == ipc_wire::MessageHeader::DictionaryBatch) {
      layout_.dictionaries_.push_back(parsed.place);
      return Status::OK();
    }
    return AddBatch(parsed);
  }

  Status ReadFile() {
    if (size_ < kFileStart + kFileEnd ||
        std::memcmp(data_ + size_ - kMagic.size(), kMagic.data(), kMagic.size()) != 0) {
      const int64_t shown = std::min<int64_t>(size_, kMagic.size());
      return DataError(
          "the file ends with ", Quoted(data_ + size_ - shown, shown),
          ", expected the footer's 'ARROW1': it is cut or still being written");
    }
    const int64_t footer_end = size_ - kFileEnd;
    const int64_t length = LoadInt32(data_ + footer_end);
    if (length <= 0 || length > footer_end - kFileStart) {
      return DataError("states a footer of ", length, " bytes, found ",
                       footer_end - kFileStart);
    }
    data_end_ = footer_end - length;
    const uint8_t* bytes = Aligned(data_ + data_end_, length);
    flatbuffers::Verifier verifier(bytes, static_cast<size_t>(length));
    if (!verifier.VerifyBuffer<ipc_wire::Footer>(nullptr)) {
      return DataError("the footer is damaged");
    }
    const auto* footer = flatbuffers::GetRoot<ipc_wire::Footer>(bytes);
    ReadFileSchema();
    if (const auto* blocks = footer->dictionaries(); blocks != nullptr) {
      for (uint32_t i = 0; i < blocks->size(); ++i) {
        auto read = ReadBlock(*blocks->Get(i));
        if (!read.ok()) return At(internal::Words("dictionary ", i), read.status());
        layout_.dictionaries_.push_back(read->place);
      }
    }
    const auto* blocks = footer->record_batches();
    if (blocks == nullptr) return Status::OK();
    layout_.batches_.reserve(blocks->size());
    for (uint32_t i = 0; i < blocks->size(); ++i) {
      const std::string where = internal::Words("record batch ", i);
      auto read = ReadBlock(*blocks->Get(i));
      if (!read.ok()) return At(where, read.status());
      ARROW_RETURN_NOT_OK(At(where, AddBatch(*read)));
    }
    return Status::OK();
  }

  /// The footer holds the schema too, so a start that cannot be read is no error yet.
  void ReadFileSchema() {
    auto read = ReadMessage(kFileStart, data_end_);
    if (!read.ok() || read->message == nullptr) return;
    if (read->message->header_type() != ipc_wire::MessageHeader::Schema) return;
    layout_.schema_message_ = {read->place.head, {}};
  }

  Result<Parsed> ReadBlock(const ipc_wire::Block& block) {
    const int64_t head = block.metadata_length();
    if (block.offset() < kFileStart || !Fits(block.offset(), head, data_end_)) {
      return DataError("metadata of ", head, " bytes at byte ", block.offset(),
                       " is not within the ", data_end_, " bytes before the footer");
    }
    ARROW_ASSIGN_OR_RAISE(Parsed parsed,
                          ReadMessage(block.offset(), block.offset() + head));
    if (parsed.message == nullptr) {
      return DataError("message at byte ", block.offset(), " is empty");
    }
    ARROW_RETURN_NOT_OK(PlaceBody(block.offset() + head, data_end_, &parsed));
    return parsed;
  }

  const uint8_t* data_;
  int64_t size_;
  int64_t data_end_ = 0;
  int64_t num_rows_ = 0;
  IpcLayout layout_;
};

Result<IpcLayout> IpcLayout::Read(const uint8_t* data, int64_t size) {
  return Reader(data, size).Read();
}

namespace {

/// A copy, since damaged metadata may place structs off their alignment.
template <typename Struct>
Struct CopyStruct(const uint8_t* structs, int64_t index) {
  Struct copy;
  std::memcpy(&copy, structs + index * static_cast<int64_t>(sizeof(Struct)),
              sizeof(Struct));
  return copy;
}

}  // namespace

Result<IpcNode> IpcLayout::Node(int batch, int64_t index) const {
  const auto* nodes = batches_[batch].header->nodes();
  const int64_t count = nodes == nullptr ? 0 : nodes->size();
  if (index >= count) {
    return DataError("the batch describes ", count, " arrays, expected at least ",
                     index + 1);
  }
  const auto stored = CopyStruct<ipc_wire::FieldNode>(nodes->Data(), index);
  const IpcNode node{stored.length(), stored.null_count()};
  if (node.length < 0 || node.null_count < 0 || node.null_count > node.length) {
    return DataError("states ", node.null_count, " nulls in ", node.length, " rows");
  }
  return node;
}

Result<IpcSpan> IpcLayout::Buffer(int batch, int64_t index) const {
  const auto* buffers = batches_[batch].header->buffers();
  const int64_t count = buffers == nullptr ? 0 : buffers->size();
  if (index >= count) {
    return DataError("the batch has ", count, " buffers, expected at least ", index + 1);
  }
  const auto stored = CopyStruct<ipc_wire::Buffer>(buffers->Data(), index);
  const IpcSpan& body = batches_[batch].message.body;
  const int64_t offset = stored.offset();
  const int64_t length = stored.length();
  if (length == 0) return IpcSpan{body.offset, 0};
  if (!Fits(offset, length, body.length)) {
    return DataError("buffer ", index, " of ", length, " bytes at ", offset,
                     " leaves the batch's body of ", body.length, " bytes");
  }
  return IpcSpan{body.offset + offset, length};
}

Result<IpcBufferRange> IpcLayout::ColumnBuffers(int batch, const IpcFieldPlace& here,
                                                const IpcFieldPlace& next) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t first, FirstBuffer(batches_[batch], here));
  ARROW_ASSIGN_OR_RAISE(const int64_t end, FirstBuffer(batches_[batch], next));
  return IpcBufferRange{first, end - first};
}

Result<int64_t> IpcLayout::FirstBuffer(const IpcBatch& batch,
                                       const IpcFieldPlace& place) const {
  int64_t first = place.buffers + (batch.is_v4 ? place.v5_bare : 0);
  if (place.views == 0) return first;
  const auto* counts = batch.header->variadic_buffer_counts();
  const int64_t num_counts = counts == nullptr ? 0 : counts->size();
  if (num_counts < place.views) {
    return DataError("the batch counts the buffers of ", num_counts,
                     " view columns, expected ", place.views);
  }
  const auto* buffers = batch.header->buffers();
  const int64_t most = buffers == nullptr ? 0 : buffers->size();
  for (int64_t i = 0; i < place.views; ++i) {
    const int64_t count = counts->Get(static_cast<uint32_t>(i));
    if (count < 0 || count > most) {
      return DataError("view column states ", count, " buffers, the batch has ", most);
    }
    first += count;
  }
  return first;
}

}  // namespace windrow::format
