// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "windrow/base/status.h"

namespace windrow::format {

// The protobuf messages of google/array_record. Parsing fails with a DataError that
// does not say where.

/// First record of the footer.
struct ArrayRecordMetadata {
  int64_t num_chunks = 0;
  int64_t num_records = 0;
  std::string writer_options;  ///< for people: how the file was written
};

/// A further record of the footer: one chunk.
struct ArrayRecordEntry {
  int64_t chunk_begin = 0;
  int64_t decoded_size = 0;
  int64_t num_records = 0;
};

std::string MessageText(const ArrayRecordMetadata& metadata);
/// At most 33 bytes.
std::string MessageText(const ArrayRecordEntry& entry);
std::string PostscriptText(int64_t footer_begin);

Result<ArrayRecordMetadata> ParseMetadata(std::span<const uint8_t> bytes);
Result<ArrayRecordEntry> ParseEntry(std::span<const uint8_t> bytes);
/// Where the footer begins.
Result<int64_t> ParsePostscript(std::span<const uint8_t> bytes);

/// Whether the first bytes of a file, 64 at least, are the signature of Riegeli.
bool HasSignature(std::span<const uint8_t> bytes);

/// Whether the first bytes of a file's last block, about a hundred, hold the magic number
/// of a postscript.
bool HasPostscriptMagic(std::span<const uint8_t> bytes);

}  // namespace windrow::format
