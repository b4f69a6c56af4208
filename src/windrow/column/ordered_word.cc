// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/ordered_word.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <bit>
#include <cmath>
#include <type_traits>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

using arrow::Type;

constexpr uint64_t kSign = uint64_t{1} << 63;

template <typename Value>
uint64_t WordOf(Value value) {
  if constexpr (std::is_floating_point_v<Value>) {
    const auto bits = std::bit_cast<uint64_t>(static_cast<double>(value));
    if (std::isnan(value)) return bits | kSign;
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
  } else if constexpr (std::is_signed_v<Value>) {
    return static_cast<uint64_t>(int64_t{value}) ^ kSign;
  } else {
    return value;
  }
}

template <typename Value>
void WordsOf(const arrow::Array& column, int64_t begin, int64_t end, uint64_t* words) {
  const auto* values = column.data()->GetValues<Value>(1);
  for (int64_t row = begin; row < end; ++row) *words++ = WordOf(values[row]);
}

template <typename Value>
Value ValueOf(uint64_t word) {
  if constexpr (std::is_floating_point_v<Value>) {
    const uint64_t bits = (word & kSign) != 0 ? word ^ kSign : ~word;
    return static_cast<Value>(std::bit_cast<double>(bits));
  } else if constexpr (std::is_signed_v<Value>) {
    return static_cast<Value>(static_cast<int64_t>(word ^ kSign));
  } else {
    return static_cast<Value>(word);
  }
}

template <typename Value>
Result<std::shared_ptr<arrow::Buffer>> ValuesOf(std::span<const uint64_t> words,
                                                arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer(static_cast<int64_t>(words.size() * sizeof(Value)), pool));
  auto* values = reinterpret_cast<Value*>(buffer->mutable_data());
  for (const uint64_t word : words) *values++ = ValueOf<Value>(word);
  return buffer;
}

Result<std::shared_ptr<arrow::Buffer>> BitsOf(std::span<const uint64_t> words,
                                              arrow::MemoryPool* pool) {
  const auto rows = static_cast<int64_t>(words.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateEmptyBitmap(rows, pool));
  for (int64_t row = 0; row < rows; ++row) {
    arrow::bit_util::SetBitTo(buffer->mutable_data(), row, words[row] != 0);
  }
  return buffer;
}

Result<std::shared_ptr<arrow::Buffer>> BufferOf(const arrow::DataType& type,
                                                std::span<const uint64_t> words,
                                                arrow::MemoryPool* pool) {
  switch (type.id()) {
    case Type::BOOL:
      return BitsOf(words, pool);
    case Type::INT8:
      return ValuesOf<int8_t>(words, pool);
    case Type::INT16:
      return ValuesOf<int16_t>(words, pool);
    case Type::INT32:
    case Type::DATE32:
    case Type::TIME32:
      return ValuesOf<int32_t>(words, pool);
    case Type::UINT8:
      return ValuesOf<uint8_t>(words, pool);
    case Type::UINT16:
      return ValuesOf<uint16_t>(words, pool);
    case Type::UINT32:
      return ValuesOf<uint32_t>(words, pool);
    case Type::UINT64:
      return ValuesOf<uint64_t>(words, pool);
    case Type::FLOAT:
      return ValuesOf<float>(words, pool);
    case Type::DOUBLE:
      return ValuesOf<double>(words, pool);
    default:
      return ValuesOf<int64_t>(words, pool);
  }
}

void WordsOfRows(const arrow::Array& column, int64_t begin, int64_t end,
                 uint64_t* words) {
  switch (column.type_id()) {
    case Type::BOOL: {
      const auto& typed = static_cast<const arrow::BooleanArray&>(column);
      for (int64_t row = begin; row < end; ++row) *words++ = typed.Value(row) ? 1 : 0;
      return;
    }
    case Type::INT8:
      return WordsOf<int8_t>(column, begin, end, words);
    case Type::INT16:
      return WordsOf<int16_t>(column, begin, end, words);
    case Type::INT32:
    case Type::DATE32:
    case Type::TIME32:
      return WordsOf<int32_t>(column, begin, end, words);
    case Type::UINT8:
      return WordsOf<uint8_t>(column, begin, end, words);
    case Type::UINT16:
      return WordsOf<uint16_t>(column, begin, end, words);
    case Type::UINT32:
      return WordsOf<uint32_t>(column, begin, end, words);
    case Type::UINT64:
      return WordsOf<uint64_t>(column, begin, end, words);
    case Type::FLOAT:
      return WordsOf<float>(column, begin, end, words);
    case Type::DOUBLE:
      return WordsOf<double>(column, begin, end, words);
    default:
      WINDROW_CHECK(HasOrderedWord(*column.type()));
      return WordsOf<int64_t>(column, begin, end, words);
  }
}

}  // namespace

bool HasOrderedWord(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
    case Type::DURATION:
      return true;
    default:
      return false;
  }
}

void OrderedWords(const arrow::Array& column, uint64_t* words) {
  WordsOfRows(column, 0, column.length(), words);
}

uint64_t OrderedWord(const arrow::Array& column, int64_t row) {
  uint64_t word = 0;
  WordsOfRows(column, row, row + 1, &word);
  return word;
}

Result<std::shared_ptr<arrow::Array>> FromOrderedWords(
    const std::shared_ptr<arrow::DataType>& type, std::span<const uint64_t> words,
    arrow::MemoryPool* pool) {
  WINDROW_CHECK(HasOrderedWord(*type));
  ARROW_ASSIGN_OR_RAISE(auto buffer, BufferOf(*type, words, pool));
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<int64_t>(words.size()),
                                                 {nullptr, std::move(buffer)}, 0));
}

}  // namespace windrow::column
