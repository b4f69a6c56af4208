// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_texts.h"

#include <arrow/array/array_dict.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>
#include <arrow/chunked_array.h>
#include <arrow/type.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace windrow::source {
namespace {

/// Values of one call, with their levels, stay in the first-level cache.
constexpr int64_t kRowsPerCall = 1024;
/// Offsets of 32 bits do for twice as many.
constexpr int64_t kPieceBytesMax = int64_t{1} << 30;

std::string_view ViewOf(const parquet::ByteArray& value) {
  return {reinterpret_cast<const char*>(value.ptr), value.len};
}

/// Gives the values of one call their numbers. Equal ones often follow each other; those
/// of a dictionary are then the same bytes.
class RunNumbers {
 public:
  explicit RunNumbers(TextNumbers* numbers) : numbers_(numbers) {}

  Result<int32_t> NumberOf(const parquet::ByteArray& value) {
    const bool is_same_place = value.ptr == last_.ptr && value.len == last_.len;
    if (number_ >= 0 && (is_same_place || ViewOf(value) == numbers_->text(number_))) {
      return number_;
    }
    ARROW_ASSIGN_OR_RAISE(number_, numbers_->NumberOf(ViewOf(value)));
    last_ = value;
    return number_;
  }
  /// The bytes of values seen so far may go.
  void EndCall() { last_ = {}; }

 private:
  TextNumbers* numbers_;
  int32_t number_ = -1;  ///< of the value before
  parquet::ByteArray last_;
};

}  // namespace

struct TextReader::Stored {
  std::shared_ptr<parquet::ColumnReader> column;
  parquet::ByteArrayReader* pages;  ///< the same as `column`
  std::vector<int16_t> levels;
  std::vector<parquet::ByteArray> values;
};

TextReader::TextReader(std::unique_ptr<Stored> stored,
                       std::shared_ptr<arrow::DataType> type, arrow::MemoryPool* pool)
    : stored_(std::move(stored)), type_(std::move(type)), numbers_(pool), pool_(pool) {}

TextReader::~TextReader() = default;

Result<std::unique_ptr<TextReader>> TextReader::Open(
    parquet::RowGroupReader& row_group, int leaf, std::shared_ptr<arrow::DataType> type,
    arrow::MemoryPool* pool) {
  auto column = row_group.Column(leaf);
  auto* pages = dynamic_cast<parquet::ByteArrayReader*>(column.get());
  if (pages == nullptr) return DataError("no texts where the schema names them");
  const bool has_nulls = column->descr()->max_definition_level() > 0;
  auto stored = std::make_unique<Stored>();
  stored->column = std::move(column);
  stored->pages = pages;
  stored->levels.resize(has_nulls ? kRowsPerCall : 0);
  stored->values.resize(kRowsPerCall);
  return std::unique_ptr<TextReader>(
      new TextReader(std::move(stored), std::move(type), pool));
}

Result<std::shared_ptr<arrow::ChunkedArray>> TextReader::Next(int64_t num_rows) {
  arrow::ArrayVector pieces;
  for (int64_t rows = 0; rows < num_rows; rows += pieces.back()->length()) {
    ARROW_ASSIGN_OR_RAISE(pieces.emplace_back(), NextPiece(num_rows - rows));
  }
  return std::make_shared<arrow::ChunkedArray>(std::move(pieces), type_);
}

Result<std::shared_ptr<arrow::Array>> TextReader::NextPiece(int64_t rows_max) {
  const int16_t defined = stored_->column->descr()->max_definition_level();
  const std::vector<int16_t>& levels = stored_->levels;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(rows_max * sizeof(int32_t), pool_));
  auto* codes = reinterpret_cast<int32_t*>(buffer->mutable_data());
  arrow::TypedBufferBuilder<bool> validity(pool_);
  if (defined > 0) ARROW_RETURN_NOT_OK(validity.Reserve(rows_max));
  RunNumbers numbers(&numbers_);
  int64_t rows = 0;
  int64_t nulls = 0;
  while (rows < rows_max && numbers_.num_bytes() < kPieceBytesMax) {
    int64_t num_values = 0;
    const int64_t read =
        stored_->pages->ReadBatch(std::min(kRowsPerCall, rows_max - rows),
                                  defined > 0 ? stored_->levels.data() : nullptr, nullptr,
                                  stored_->values.data(), &num_values);
    if (read <= 0 || num_values > read || (defined == 0 && num_values < read)) {
      return DataError(rows, " rows, expected ", rows_max);
    }
    const parquet::ByteArray* value = stored_->values.data();
    const parquet::ByteArray* end = value + num_values;
    for (int64_t i = 0; i < read; ++i) {
      const bool is_valid = defined == 0 || levels[static_cast<size_t>(i)] == defined;
      if (defined > 0) validity.UnsafeAppend(is_valid);
      codes[rows + i] = 0;
      if (!is_valid) continue;
      if (value == end) return DataError("fewer values than rows that have one");
      ARROW_ASSIGN_OR_RAISE(codes[rows + i], numbers.NumberOf(*value++));
    }
    numbers.EndCall();
    nulls += read - num_values;
    rows += read;
  }
  std::shared_ptr<arrow::Buffer> bits;
  if (nulls > 0) {
    ARROW_ASSIGN_OR_RAISE(bits, validity.Finish());
  }
  const auto& value_type = static_cast<const arrow::DictionaryType&>(*type_).value_type();
  ARROW_ASSIGN_OR_RAISE(auto dictionary, numbers_.Take(value_type));
  auto indices = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int32(), rows, {std::move(bits), std::move(buffer)}, nulls));
  return std::make_shared<arrow::DictionaryArray>(type_, std::move(indices),
                                                  std::move(dictionary));
}

}  // namespace windrow::source
