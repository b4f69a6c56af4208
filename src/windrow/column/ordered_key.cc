// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/ordered_key.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <cmath>
#include <cstring>
#include <string>

#include "windrow/base/check.h"
#include "windrow/column/ordered_word.h"
#include "windrow/column/plain_column.h"

namespace windrow::column {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using arrow::Type;

constexpr char kValue = 1;
constexpr char kNull = 2;
constexpr int kWordBytes = 8;
constexpr int kDecimalBytes = 16;

bool IsText(const arrow::DataType& type) { return arrow::is_base_binary_like(type.id()); }

bool IsFixed(const arrow::DataType& type) { return type.id() == Type::FIXED_SIZE_BINARY; }

uint64_t CanonicalWord(const arrow::Array& column, int64_t row) {
  const bool is_float = column.type_id() == Type::FLOAT;
  if (!is_float && column.type_id() != Type::DOUBLE) return OrderedWord(column, row);
  const double value = is_float
                           ? static_cast<const arrow::FloatArray&>(column).Value(row)
                           : static_cast<const arrow::DoubleArray&>(column).Value(row);
  if (std::isnan(value)) return UINT64_MAX << 51;
  constexpr uint64_t kZero = uint64_t{1} << 63;
  return value == 0 ? kZero : OrderedWord(column, row);
}

std::string_view TextAt(const arrow::Array& column, int64_t row) {
  if (arrow::is_large_binary_like(column.type_id())) {
    return static_cast<const arrow::LargeBinaryArray&>(column).GetView(row);
  }
  return static_cast<const arrow::BinaryArray&>(column).GetView(row);
}

void PutWord(uint64_t word, std::string* key) {
  const uint64_t big_endian = __builtin_bswap64(word);
  key->append(reinterpret_cast<const char*>(&big_endian), kWordBytes);
}

void PutText(std::string_view text, std::string* key) {
  for (const char byte : text) {
    *key += byte;
    if (byte == '\0') *key += '\xff';
  }
  key->append(2, '\0');
}

void PutDecimal(std::string_view bytes, std::string* key) {
  std::string reversed(bytes.rbegin(), bytes.rend());
  reversed[0] = static_cast<char>(reversed[0] ^ '\x80');
  *key += reversed;
}

void PutValue(const arrow::Array& column, int64_t row, std::string* key) {
  if (column.IsNull(row)) {
    *key += kNull;
    return;
  }
  *key += kValue;
  const auto fixed = [&] {
    return static_cast<const arrow::FixedSizeBinaryArray&>(column).GetView(row);
  };
  if (IsText(*column.type())) {
    PutText(TextAt(column, row), key);
  } else if (column.type_id() == Type::DECIMAL128) {
    PutDecimal(fixed(), key);
  } else if (IsFixed(*column.type())) {
    *key += fixed();
  } else {
    PutWord(CanonicalWord(column, row), key);
  }
}

/// The values of one column on their way back.
class ColumnDecoder {
 public:
  ColumnDecoder(TypePtr type, size_t rows) : type_(std::move(type)) {
    is_null_.reserve(rows);
    if (HasOrderedWord(*type_)) {
      words_.reserve(rows);
    } else {
      texts_.reserve(rows);
    }
  }

  /// Takes the column's part off the front of `key`.
  void Take(std::string_view* key) {
    const bool is_null = key->front() == kNull;
    key->remove_prefix(1);
    is_null_.push_back(is_null);
    if (HasOrderedWord(*type_)) {
      words_.push_back(is_null ? 0 : TakeWord(key));
    } else {
      texts_.push_back(is_null ? std::string() : TakeText(key));
    }
  }

  Result<ArrayPtr> Finish(arrow::MemoryPool* pool) const {
    if (type_->id() == Type::NA) {
      return arrow::MakeArrayOfNull(type_, static_cast<int64_t>(is_null_.size()), pool);
    }
    if (!HasOrderedWord(*type_)) return FinishTexts(pool);
    ARROW_ASSIGN_OR_RAISE(ArrayPtr column, FromOrderedWords(type_, words_, pool));
    const auto rows = static_cast<int64_t>(is_null_.size());
    arrow::TypedBufferBuilder<bool> validity(pool);
    ARROW_RETURN_NOT_OK(validity.Reserve(rows));
    for (const bool is_null : is_null_) validity.UnsafeAppend(!is_null);
    if (validity.false_count() == 0) return column;
    const int64_t null_count = validity.false_count();
    auto data = column->data()->Copy();
    ARROW_ASSIGN_OR_RAISE(data->buffers[0], validity.Finish());
    data->null_count = null_count;
    return arrow::MakeArray(std::move(data));
  }

 private:
  static uint64_t TakeWord(std::string_view* key) {
    uint64_t word = 0;
    std::memcpy(&word, key->data(), kWordBytes);
    key->remove_prefix(kWordBytes);
    return __builtin_bswap64(word);
  }

  std::string TakeText(std::string_view* key) const {
    if (!IsText(*type_)) {
      const size_t width = type_->id() == Type::DECIMAL128
                               ? kDecimalBytes
                               : static_cast<size_t>(type_->byte_width());
      std::string bytes(key->substr(0, width));
      key->remove_prefix(width);
      if (type_->id() != Type::DECIMAL128) return bytes;
      bytes[0] = static_cast<char>(bytes[0] ^ '\x80');
      return {bytes.rbegin(), bytes.rend()};
    }
    std::string text;
    while ((*key)[0] != '\0' || (*key)[1] != '\0') {
      text += (*key)[0];
      key->remove_prefix((*key)[0] == '\0' ? 2 : 1);
    }
    key->remove_prefix(2);
    return text;
  }

  Result<ArrayPtr> FinishTexts(arrow::MemoryPool* pool) const {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    const TypePtr bytes_type =
        IsText(*type_) ? (arrow::is_large_binary_like(type_->id()) ? arrow::large_binary()
                                                                   : arrow::binary())
                       : arrow::fixed_size_binary(type_->byte_width());
    ARROW_RETURN_NOT_OK(arrow::MakeBuilder(pool, bytes_type, &builder));
    for (size_t row = 0; row < texts_.size(); ++row) {
      if (is_null_[row]) {
        ARROW_RETURN_NOT_OK(builder->AppendNull());
      } else if (bytes_type->id() == Type::BINARY) {
        ARROW_RETURN_NOT_OK(
            static_cast<arrow::BinaryBuilder&>(*builder).Append(texts_[row]));
      } else if (bytes_type->id() == Type::LARGE_BINARY) {
        ARROW_RETURN_NOT_OK(
            static_cast<arrow::LargeBinaryBuilder&>(*builder).Append(texts_[row]));
      } else {
        ARROW_RETURN_NOT_OK(
            static_cast<arrow::FixedSizeBinaryBuilder&>(*builder).Append(texts_[row]));
      }
    }
    ARROW_ASSIGN_OR_RAISE(ArrayPtr column, builder->Finish());
    auto data = column->data()->Copy();
    data->type = type_;
    return arrow::MakeArray(std::move(data));
  }

  TypePtr type_;
  std::vector<bool> is_null_;
  std::vector<uint64_t> words_;
  std::vector<std::string> texts_;
};

/// The type of a column's values, which keys are made of.
TypePtr ValueType(const TypePtr& type) {
  if (type->id() != Type::DICTIONARY) return type;
  return static_cast<const arrow::DictionaryType&>(*type).value_type();
}

}  // namespace

bool IsOwnKey(const std::vector<TypePtr>& types) {
  return types.size() == 1 && IsText(*types[0]);
}

Result<ArrayPtr> EncodeOrderedKeys(const std::vector<ArrayPtr>& columns,
                                   arrow::MemoryPool* pool) {
  return EncodeSortKeys(columns, std::vector<OrderKey>(columns.size()), pool);
}

Result<ArrayPtr> EncodeSortKeys(const std::vector<ArrayPtr>& columns,
                                const std::vector<OrderKey>& order,
                                arrow::MemoryPool* pool) {
  std::vector<ArrayPtr> plain;
  for (const ArrayPtr& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto decoded, PlainColumn(column, pool));
    plain.push_back(std::move(decoded));
  }
  const int64_t rows = columns.at(0)->length();
  arrow::BinaryBuilder keys(pool);
  ARROW_RETURN_NOT_OK(keys.Reserve(rows));
  std::string key;
  for (int64_t row = 0; row < rows; ++row) {
    key.clear();
    for (size_t c = 0; c < plain.size(); ++c) {
      const size_t marker = key.size();
      PutValue(*plain[c], row, &key);
      if (plain[c]->IsNull(row)) {
        if (order[c].nulls_first) key[marker] = '\0';
      } else if (order[c].descending) {
        for (size_t i = marker + 1; i < key.size(); ++i)
          key[i] = static_cast<char>(~key[i]);
      }
    }
    ARROW_RETURN_NOT_OK(keys.Append(key));
  }
  return keys.Finish();
}

Result<std::vector<ArrayPtr>> DecodeOrderedKeys(const std::vector<TypePtr>& types,
                                                std::span<const std::string_view> keys,
                                                arrow::MemoryPool* pool) {
  std::vector<ColumnDecoder> decoders;
  for (const TypePtr& type : types) decoders.emplace_back(ValueType(type), keys.size());
  for (std::string_view key : keys) {
    for (ColumnDecoder& decoder : decoders) decoder.Take(&key);
    WINDROW_CHECK(key.empty());
  }
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  std::vector<ArrayPtr> columns;
  for (size_t k = 0; k < types.size(); ++k) {
    ARROW_ASSIGN_OR_RAISE(ArrayPtr column, decoders[k].Finish(pool));
    if (types[k]->id() == Type::DICTIONARY) {
      ARROW_ASSIGN_OR_RAISE(
          column, arrow::compute::Cast(*column, types[k],
                                       arrow::compute::CastOptions::Safe(), &context));
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace windrow::column
