// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_codes.h"

#include <arrow/array/array_dict.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <vector>

namespace windrow::source {
namespace {

// The definition levels of one call stay in the first-level cache.
constexpr int64_t kLevelsPerCall = 8 * 1024;

bool IsDataPage(parquet::PageType::type type) {
  return type == parquet::PageType::DATA_PAGE || type == parquet::PageType::DATA_PAGE_V2;
}

bool IsDictionaryEncoding(parquet::Encoding::type encoding) {
  return encoding == parquet::Encoding::RLE_DICTIONARY ||
         encoding == parquet::Encoding::PLAIN_DICTIONARY;
}

/// Moves `num_codes` codes at the front of `codes` to the rows whose level is `defined`.
/// The other rows get code 0.
void SpreadCodes(const int16_t* levels, int16_t defined, int64_t num_rows,
                 int64_t num_codes, int32_t* codes) {
  for (int64_t row = num_rows - 1; row >= 0; --row) {
    const bool is_valid = levels[row] == defined;
    codes[row] = is_valid ? codes[--num_codes] : 0;
  }
}

/// Unsigned, so that a negative code counts as too large.
uint32_t LargestCode(const int32_t* codes, int64_t count) {
  uint32_t largest = 0;
  for (int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, static_cast<uint32_t>(codes[i]));
  }
  return largest;
}

template <typename Builder>
Result<std::shared_ptr<arrow::Array>> BuildValues(const parquet::ByteArray* values,
                                                  int32_t count,
                                                  arrow::MemoryPool* pool) {
  Builder builder(pool);
  ARROW_RETURN_NOT_OK(builder.Reserve(count));
  for (int32_t i = 0; i < count; ++i) {
    ARROW_RETURN_NOT_OK(builder.Append(reinterpret_cast<const char*>(values[i].ptr),
                                       static_cast<int32_t>(values[i].len)));
  }
  return builder.Finish();
}

Result<std::shared_ptr<arrow::Array>> BuildDictionary(const parquet::ByteArray* values,
                                                      int32_t count,
                                                      const arrow::DataType& type,
                                                      arrow::MemoryPool* pool) {
  switch (type.id()) {
    case arrow::Type::STRING:
      return BuildValues<arrow::StringBuilder>(values, count, pool);
    case arrow::Type::LARGE_STRING:
      return BuildValues<arrow::LargeStringBuilder>(values, count, pool);
    case arrow::Type::BINARY:
      return BuildValues<arrow::BinaryBuilder>(values, count, pool);
    case arrow::Type::LARGE_BINARY:
      return BuildValues<arrow::LargeBinaryBuilder>(values, count, pool);
    default:
      return InternalError("dictionary codes of a column of type ", type.ToString());
  }
}

/// The rows of one call decoded so far.
struct Codes {
  std::unique_ptr<arrow::Buffer> buffer;
  arrow::TypedBufferBuilder<bool> validity;  ///< empty until the first null
  int64_t rows = 0;
  int64_t null_count = 0;
  const parquet::ByteArray* values = nullptr;  ///< owned by the column reader
  int32_t num_values = 0;
};

Status AppendValidity(const int16_t* levels, int16_t defined, int64_t read,
                      int64_t num_rows, Codes* codes) {
  if (codes->validity.length() == 0) {
    ARROW_RETURN_NOT_OK(codes->validity.Reserve(num_rows));
    codes->validity.UnsafeAppend(codes->rows, true);
  }
  codes->validity.UnsafeAppend</*count_falses=*/false>(
      read, [levels, defined]() mutable { return *levels++ == defined; });
  return Status::OK();
}

Status DecodeRows(parquet::ByteArrayReader& reader, int64_t num_rows, Codes* codes) {
  const int16_t defined = reader.descr()->max_definition_level();
  std::vector<int16_t> levels(defined > 0 ? kLevelsPerCall : 0);
  while (codes->rows < num_rows) {
    int32_t* out =
        reinterpret_cast<int32_t*>(codes->buffer->mutable_data()) + codes->rows;
    const parquet::ByteArray* values = nullptr;
    int32_t num_values = 0;
    int64_t num_codes = 0;
    const int64_t asked = std::min(kLevelsPerCall, num_rows - codes->rows);
    const int64_t read =
        reader.ReadBatchWithDictionary(asked, defined > 0 ? levels.data() : nullptr,
                                       nullptr, out, &num_codes, &values, &num_values);
    if (read <= 0 || num_codes > read || (defined == 0 && num_codes < read)) {
      return DataError(codes->rows, " rows, expected ", num_rows);
    }
    if (num_codes > 0) {
      const uint32_t largest = LargestCode(out, num_codes);
      if (largest >= static_cast<uint32_t>(num_values)) {
        return DataError("dictionary code ", largest, ", the dictionary has ", num_values,
                         " values");
      }
    }
    if (values != nullptr) {
      codes->values = values;
      codes->num_values = num_values;
    }
    if (num_codes < read || codes->null_count > 0) {
      ARROW_RETURN_NOT_OK(AppendValidity(levels.data(), defined, read, num_rows, codes));
    }
    if (num_codes < read) SpreadCodes(levels.data(), defined, read, num_codes, out);
    codes->null_count += read - num_codes;
    codes->rows += read;
  }
  return Status::OK();
}

}  // namespace

CodeStorage CodeStorageOf(const parquet::ColumnChunkMetaData& chunk) {
  if (!chunk.has_dictionary_page()) return CodeStorage::kNone;
  const auto& pages = chunk.encoding_stats();
  if (!pages.empty()) {
    const bool only_codes = std::all_of(pages.begin(), pages.end(), [](const auto& page) {
      return !IsDataPage(page.page_type) || IsDictionaryEncoding(page.encoding);
    });
    if (!only_codes) return CodeStorage::kNone;
    // Arrow exposes codes only where the footer names the dictionary page first.
    const bool is_exposed = pages[0].page_type == parquet::PageType::DICTIONARY_PAGE;
    return is_exposed ? CodeStorage::kPages : CodeStorage::kLikely;
  }
  // Plain values take at least four bytes, codes with their dictionary usually fewer.
  constexpr int64_t kBytesPerPlainValue = 4;
  return chunk.total_uncompressed_size() < kBytesPerPlainValue * chunk.num_values()
             ? CodeStorage::kLikely
             : CodeStorage::kNone;
}

std::shared_ptr<arrow::DataType> CodesTypeOf(
    const std::shared_ptr<arrow::DataType>& type) {
  if (arrow::is_base_binary_like(type->id())) {
    return arrow::dictionary(arrow::int32(), type);
  }
  if (type->id() != arrow::Type::DICTIONARY) return nullptr;
  const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
  const bool is_read = dictionary.index_type()->id() == arrow::Type::INT32 &&
                       arrow::is_base_binary_like(dictionary.value_type()->id());
  return is_read ? type : nullptr;
}

struct CodeReader::Stored {
  std::shared_ptr<parquet::ColumnReader> column;
  parquet::ByteArrayReader* pages;  ///< the same as `column`
};

CodeReader::CodeReader(std::unique_ptr<Stored> stored,
                       std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : stored_(std::move(stored)), type_(std::move(type)), pool_(pool) {}

CodeReader::~CodeReader() = default;

Result<std::unique_ptr<CodeReader>> CodeReader::Open(
    parquet::RowGroupReader& row_group, int leaf, std::shared_ptr<arrow::DataType> type,
    arrow::MemoryPool* pool) {
  auto column =
      row_group.ColumnWithExposeEncoding(leaf, parquet::ExposedEncoding::DICTIONARY);
  auto* pages = dynamic_cast<parquet::ByteArrayReader*>(column.get());
  if (pages == nullptr ||
      column->GetExposedEncoding() != parquet::ExposedEncoding::DICTIONARY) {
    return DataError("no dictionary codes where the footer names them");
  }
  auto stored = std::make_unique<Stored>(std::move(column), pages);
  return std::unique_ptr<CodeReader>(
      new CodeReader(std::move(stored), std::move(type), pool));
}

Result<std::shared_ptr<arrow::Array>> CodeReader::Next(int64_t num_rows) {
  Codes codes{.validity = arrow::TypedBufferBuilder<bool>(pool_)};
  ARROW_ASSIGN_OR_RAISE(codes.buffer,
                        arrow::AllocateBuffer(num_rows * sizeof(int32_t), pool_));
  ARROW_RETURN_NOT_OK(DecodeRows(*stored_->pages, num_rows, &codes));
  if (dictionary_ == nullptr) {
    const auto& value_type =
        *static_cast<const arrow::DictionaryType&>(*type_).value_type();
    ARROW_ASSIGN_OR_RAISE(
        dictionary_, BuildDictionary(codes.values, codes.num_values, value_type, pool_));
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (codes.null_count > 0) {
    ARROW_ASSIGN_OR_RAISE(validity, codes.validity.Finish());
  }
  auto indices = arrow::ArrayData::Make(
      arrow::int32(), num_rows,
      {std::move(validity), std::shared_ptr<arrow::Buffer>(std::move(codes.buffer))},
      codes.null_count);
  return std::make_shared<arrow::DictionaryArray>(type_, arrow::MakeArray(indices),
                                                  dictionary_);
}

Result<std::shared_ptr<arrow::Array>> DecodeCodes(parquet::RowGroupReader& row_group,
                                                  int leaf, int64_t num_rows,
                                                  std::shared_ptr<arrow::DataType> type,
                                                  arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        CodeReader::Open(row_group, leaf, std::move(type), pool));
  return reader->Next(num_rows);
}

}  // namespace windrow::source
