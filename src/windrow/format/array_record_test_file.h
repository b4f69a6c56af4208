// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/cancel.h>

#include <algorithm>
#include <string>
#include <vector>

#include "windrow/format/array_record_index.h"
#include "windrow/format/array_record_message.h"
#include "windrow/format/array_record_verify.h"
#include "windrow/format/array_record_writer.h"
#include "windrow/format/riegeli_chunk.h"
#include "windrow/format/riegeli_layout.h"
#include "windrow/format/varint.h"

namespace windrow::format {

inline std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

inline ReadAt ReaderOf(const std::string& file) {
  return [&file](int64_t begin, int64_t size) -> Result<std::shared_ptr<arrow::Buffer>> {
    if (begin < 0 || size < 0 || begin + size > static_cast<int64_t>(file.size())) {
      return InternalError("read of ", size, " bytes at ", begin);
    }
    return arrow::Buffer::FromString(file.substr(begin, size));
  };
}

/// An index entry, and what it is of.
inline std::string Varint(uint64_t value) {
  uint8_t bytes[kVarintSizeMax];
  return std::string(bytes, StoreVarint(value, bytes));
}

/// Puts files together chunk by chunk, with any content; all hashes fit. Independent of
/// ArrayRecordWriter: a chunk is laid out byte by byte.
class TestFile {
 public:
  TestFile() { Chunk(ChunkType::kSignature, "", 0, 0); }

  int64_t position() const { return static_cast<int64_t>(bytes_.size()); }

  /// Returns where the chunk begins.
  int64_t Chunk(ChunkType type, const std::string& data, uint64_t num_records,
                uint64_t decoded_size) {
    const ChunkHeader header{data.size(), RiegeliHash(Bytes(data)), type, num_records,
                             decoded_size};
    const ChunkHeaderBytes stored = StoreChunkHeader(header);
    const std::string body = std::string(stored.begin(), stored.end()) + data;
    const int64_t begin = position();
    const int64_t end = ChunkEnd(begin, static_cast<int64_t>(data.size()),
                                 static_cast<int64_t>(num_records));
    for (size_t i = 0; position() < end;) {
      if (position() % kBlockSize == 0) {
        const BlockHeaderBytes block =
            StoreBlockHeader({static_cast<uint64_t>(position() - begin),
                              static_cast<uint64_t>(end - position())});
        bytes_.append(block.begin(), block.end());
        continue;
      }
      bytes_ += i < body.size() ? body[i] : '\0';
      ++i;
    }
    return begin;
  }

  /// An uncompressed chunk; its entry goes to entries.
  void Records(const std::vector<std::string>& records) {
    std::string sizes;
    std::string values;
    for (const std::string& record : records) {
      sizes += Varint(record.size());
      values += record;
    }
    Simple(sizes, values, records.size(), values.size());
  }

  void Simple(const std::string& sizes, const std::string& values, uint64_t num_records,
              uint64_t decoded_size, char codec = 0) {
    Raw(codec + Varint(sizes.size()) + sizes + values, num_records, decoded_size);
  }

  void Raw(const std::string& data, uint64_t num_records, uint64_t decoded_size) {
    const int64_t begin = Chunk(ChunkType::kSimple, data, num_records, decoded_size);
    entries.push_back(
        {begin, static_cast<int64_t>(decoded_size), static_cast<int64_t>(num_records)});
  }

  void Pad() {
    if (BlockRest(position()) == 0) return;
    Chunk(ChunkType::kPadding, std::string(PaddingDataSize(position()), '\0'), 0, 0);
  }

  /// Footer, made of `entries`, and postscript.
  std::string Finish(std::string metadata = "") {
    ArrayRecordMetadata stated{static_cast<int64_t>(entries.size()), 0, "group_size:1,"};
    std::vector<std::string> records = {""};
    for (const ArrayRecordEntry& entry : entries) {
      stated.num_records += entry.num_records;
      records.push_back(MessageText(entry));
    }
    records[0] = metadata.empty() ? MessageText(stated) : metadata;
    footer = position();
    const auto kept = entries;
    Records(records);
    entries = kept;
    Pad();
    Records(std::vector<std::string>(3, PostscriptText(footer)));
    Pad();
    return bytes_;
  }

  std::vector<ArrayRecordEntry> entries;
  int64_t footer = 0;

 private:
  std::string bytes_;
};

/// What opening and verifying `file` gives.
inline Status VerifyFile(const std::string& file) {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  const ReadAt read = ReaderOf(file);
  ARROW_ASSIGN_OR_RAISE(
      const ArrayRecordIndex index,
      ReadArrayRecordIndex(read, static_cast<int64_t>(file.size()), pool));
  return VerifyArrayRecord(index, read, arrow::StopToken::Unstoppable(), pool);
}

}  // namespace windrow::format
