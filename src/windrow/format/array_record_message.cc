// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/array_record_message.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "windrow/format/riegeli_layout.h"
#include "windrow/format/varint.h"

namespace windrow::format {
namespace {

constexpr uint64_t kMagic = 0x71930e704fdae05e;
constexpr uint64_t kVersion = 1;
constexpr uint32_t kFieldsMax = 4;

void AppendVarint(uint64_t value, std::string* text) {
  uint8_t bytes[kVarintSizeMax];
  text->append(bytes, StoreVarint(value, bytes));
}

void AppendNumber(uint32_t field, uint64_t value, std::string* text) {
  AppendVarint(field << 3, text);
  AppendVarint(value, text);
}

void AppendText(uint32_t field, const std::string& value, std::string* text) {
  AppendVarint(field << 3 | 2, text);
  AppendVarint(value.size(), text);
  *text += value;
}

/// The fields of one message by number; the last of a number counts, as in protobuf.
struct Fields {
  std::array<std::optional<uint64_t>, kFieldsMax + 1> numbers;
  std::array<std::optional<std::span<const uint8_t>>, kFieldsMax + 1> texts;

  /// A number that fits an int64.
  Result<int64_t> Require(uint32_t field, const char* name) const {
    if (!numbers[field].has_value()) return DataError("no ", name);
    const uint64_t value = *numbers[field];
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return DataError(name, " ", value, " is too large");
    }
    return static_cast<int64_t>(value);
  }
};

Result<Fields> ParseFields(std::span<const uint8_t> bytes) {
  Fields fields;
  const Status damaged = DataError("no protobuf message");
  while (!bytes.empty()) {
    uint64_t tag = 0;
    uint64_t value = 0;
    if (!TakeVarint(&bytes, &tag)) return damaged;
    const uint64_t field = tag >> 3;
    const uint64_t kind = tag & 7;
    if (kind == 1 || kind == 5) {  // of fixed size, none of which is known
      const size_t size = kind == 1 ? 8 : 4;
      if (size > bytes.size()) return damaged;
      bytes = bytes.subspan(size);
      continue;
    }
    if ((kind != 0 && kind != 2) || !TakeVarint(&bytes, &value)) return damaged;
    if (kind == 0) {
      if (field <= kFieldsMax) fields.numbers[field] = value;
      continue;
    }
    if (value > bytes.size()) return damaged;
    if (field <= kFieldsMax) fields.texts[field] = bytes.first(value);
    bytes = bytes.subspan(value);
  }
  return fields;
}

}  // namespace

std::string MessageText(const ArrayRecordMetadata& metadata) {
  std::string inner;
  AppendNumber(1, kVersion, &inner);
  AppendNumber(2, metadata.num_chunks, &inner);
  AppendNumber(3, metadata.num_records, &inner);
  AppendText(4, metadata.writer_options, &inner);
  std::string text;
  AppendText(1, inner, &text);
  return text;
}

std::string MessageText(const ArrayRecordEntry& entry) {
  std::string text;
  AppendNumber(1, entry.chunk_begin, &text);
  AppendNumber(2, entry.decoded_size, &text);
  AppendNumber(3, entry.num_records, &text);
  return text;
}

std::string PostscriptText(int64_t footer_begin) {
  std::string text;
  AppendNumber(1, footer_begin, &text);
  AppendNumber(2, kMagic, &text);
  return text;
}

Result<ArrayRecordMetadata> ParseMetadata(std::span<const uint8_t> bytes) {
  ARROW_ASSIGN_OR_RAISE(const Fields outer, ParseFields(bytes));
  if (!outer.texts[1].has_value()) return DataError("no metadata");
  ARROW_ASSIGN_OR_RAISE(const Fields fields, ParseFields(*outer.texts[1]));
  ARROW_ASSIGN_OR_RAISE(const int64_t version, fields.Require(1, "version"));
  if (version != kVersion) return DataError("version ", version, ", expected 1");
  ArrayRecordMetadata metadata;
  ARROW_ASSIGN_OR_RAISE(metadata.num_chunks, fields.Require(2, "number of chunks"));
  ARROW_ASSIGN_OR_RAISE(metadata.num_records, fields.Require(3, "number of records"));
  if (fields.texts[4].has_value()) {
    metadata.writer_options.assign(fields.texts[4]->begin(), fields.texts[4]->end());
  }
  return metadata;
}

Result<ArrayRecordEntry> ParseEntry(std::span<const uint8_t> bytes) {
  ARROW_ASSIGN_OR_RAISE(const Fields fields, ParseFields(bytes));
  ArrayRecordEntry entry;
  ARROW_ASSIGN_OR_RAISE(entry.chunk_begin, fields.Require(1, "position"));
  ARROW_ASSIGN_OR_RAISE(entry.decoded_size, fields.Require(2, "decoded size"));
  ARROW_ASSIGN_OR_RAISE(entry.num_records, fields.Require(3, "number of records"));
  return entry;
}

Result<int64_t> ParsePostscript(std::span<const uint8_t> bytes) {
  ARROW_ASSIGN_OR_RAISE(const Fields fields, ParseFields(bytes));
  if (fields.numbers[2] != kMagic) return DataError("no magic number");
  return fields.Require(1, "position of the footer");
}

bool HasSignature(std::span<const uint8_t> bytes) {
  constexpr int64_t kSignatureSize = kBlockHeaderSize + kChunkHeaderSize;
  const BlockHeaderBytes start = StoreBlockHeader({0, kSignatureSize});
  return bytes.size() >= kSignatureSize &&
         std::equal(start.begin(), start.end(), bytes.begin()) &&
         bytes[kBlockHeaderSize + 24] == static_cast<uint8_t>(ChunkType::kSignature);
}

bool HasPostscriptMagic(std::span<const uint8_t> bytes) {
  std::string magic;
  AppendNumber(2, kMagic, &magic);
  return std::search(bytes.begin(), bytes.end(), magic.begin(), magic.end(),
                     [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }) !=
         bytes.end();
}

}  // namespace windrow::format
