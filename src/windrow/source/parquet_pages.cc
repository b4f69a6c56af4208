// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_pages.h"

#include <parquet/column_page.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstring>

#include "windrow/source/packed_runs.h"

namespace windrow::source {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kLengthBytes = sizeof(uint32_t);

uint32_t LoadLength(const uint8_t* bytes) {
  uint32_t length;
  std::memcpy(&length, bytes, kLengthBytes);
  return length;
}

PageEncoding EncodingOf(const parquet::DataPage& page) {
  switch (page.encoding()) {
    case parquet::Encoding::PLAIN:
      return PageEncoding::kPlain;
    case parquet::Encoding::RLE_DICTIONARY:
    case parquet::Encoding::PLAIN_DICTIONARY:
      return PageEncoding::kCodes;
    default:
      return PageEncoding::kOther;
  }
}

Status SplitV1(const parquet::DataPageV1& page, Bytes bytes, DataPageParts* parts) {
  if (page.definition_level_encoding() != parquet::Encoding::RLE) {
    parts->encoding = PageEncoding::kOther;
    return Status::OK();
  }
  const uint64_t length =
      bytes.size() < kLengthBytes ? bytes.size() : LoadLength(bytes.data());
  if (bytes.size() < kLengthBytes || length > bytes.size() - kLengthBytes) {
    return DataError("levels of ", length, " bytes in a page of ", bytes.size());
  }
  parts->levels = bytes.subspan(kLengthBytes, length);
  parts->values = bytes.subspan(kLengthBytes + length);
  return Status::OK();
}

Status SplitV2(const parquet::DataPageV2& page, Bytes bytes, bool is_optional,
               DataPageParts* parts) {
  const int64_t repetition = page.repetition_levels_byte_length();
  const int64_t definition = page.definition_levels_byte_length();
  if (repetition < 0 || definition < 0 ||
      static_cast<uint64_t>(repetition + definition) > bytes.size()) {
    return DataError("levels of ", repetition, " and ", definition,
                     " bytes in a page of ", bytes.size());
  }
  if (is_optional) parts->levels = bytes.subspan(repetition, definition);
  parts->values = bytes.subspan(repetition + definition);
  return Status::OK();
}

/// Steps over byte arrays that follow each other.
class ByteArrayCursor {
 public:
  explicit ByteArrayCursor(Bytes bytes) : bytes_(bytes) {}

  /// False when the bytes end before the byte array does.
  bool Next(parquet::ByteArray* value) {
    if (bytes_.size() - at_ < kLengthBytes) return false;
    const uint32_t length = LoadLength(bytes_.data() + at_);
    at_ += kLengthBytes;
    if (length > bytes_.size() - at_) return false;
    *value = parquet::ByteArray(length, bytes_.data() + at_);
    at_ += length;
    return true;
  }

 private:
  Bytes bytes_;
  size_t at_ = 0;
};

}  // namespace

Result<std::optional<DataPageParts>> DataPageParts::Split(const parquet::Page& page,
                                                          bool is_optional) {
  const bool is_v1 = page.type() == parquet::PageType::DATA_PAGE;
  if (!is_v1 && page.type() != parquet::PageType::DATA_PAGE_V2) return std::nullopt;
  const auto& data = static_cast<const parquet::DataPage&>(page);
  const Bytes bytes(page.data(), static_cast<size_t>(page.size()));
  DataPageParts parts{.encoding = EncodingOf(data),
                      .num_rows = data.num_values(),
                      .levels = std::nullopt,
                      .values = bytes};
  if (!is_v1) {
    ARROW_RETURN_NOT_OK(SplitV2(static_cast<const parquet::DataPageV2&>(page), bytes,
                                is_optional, &parts));
  } else if (is_optional) {
    ARROW_RETURN_NOT_OK(
        SplitV1(static_cast<const parquet::DataPageV1&>(page), bytes, &parts));
  }
  return parts;
}

Status DataPageParts::FindWanted(std::span<const uint32_t> rows, uint32_t first_row,
                                 uint32_t first_target, WantedValues* wanted) const {
  wanted->Clear();
  if (!levels.has_value()) {
    for (size_t i = 0; i < rows.size(); ++i) {
      wanted->indices.push_back(rows[i] - first_row);
      wanted->targets.push_back(first_target + static_cast<uint32_t>(i));
    }
    return Status::OK();
  }
  if (!PackedRuns(*levels, 1)
           .RankOnes(rows, first_row, first_target, &wanted->indices, &wanted->targets)) {
    return DataError("levels for fewer than the page's ", num_rows, " rows");
  }
  return Status::OK();
}

Status PickCodes(Bytes values, size_t num_values, WantedValues* wanted) {
  if (wanted->size() == 0) return Status::OK();
  constexpr int kWidest = 32;
  if (values.empty() || values[0] > kWidest) {
    return DataError("dictionary codes without a bit width");
  }
  std::vector<uint32_t> codes;
  if (!PackedRuns(values.subspan(1), values[0]).Pick(wanted->indices, &codes)) {
    return DataError("dictionary codes for fewer than ", wanted->indices.back() + 1,
                     " values");
  }
  const uint32_t largest = *std::max_element(codes.begin(), codes.end());
  if (largest >= num_values) {
    return DataError("dictionary code ", largest, ", the dictionary has ", num_values,
                     " values");
  }
  wanted->indices = std::move(codes);
  return Status::OK();
}

Result<std::vector<parquet::ByteArray>> SplitByteArrays(Bytes values, int64_t count) {
  if (count < 0 || static_cast<uint64_t>(count) > values.size() / kLengthBytes) {
    return DataError(count, " byte arrays in ", values.size(), " bytes");
  }
  std::vector<parquet::ByteArray> split(count);
  ByteArrayCursor cursor(values);
  for (auto& value : split) {
    if (!cursor.Next(&value)) {
      return DataError("byte arrays pass the end of their page of ", values.size(),
                       " bytes");
    }
  }
  return split;
}

Status PickByteArrays(Bytes values, std::span<const uint32_t> indices,
                      std::vector<parquet::ByteArray>* picked) {
  ByteArrayCursor cursor(values);
  parquet::ByteArray value;
  uint64_t passed = 0;
  for (const uint32_t index : indices) {
    for (; passed <= index; ++passed) {
      if (!cursor.Next(&value)) {
        return DataError("byte arrays pass the end of their page of ", values.size(),
                         " bytes");
      }
    }
    picked->push_back(value);
  }
  return Status::OK();
}

}  // namespace windrow::source
