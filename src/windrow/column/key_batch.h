// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// How the key columns of both sides of a join are compared.
struct KeyLayout {
  std::vector<std::shared_ptr<arrow::DataType>> types;  ///< CommonKeyType of each pair
  bool nulls_equal = false;  ///< null equals null; otherwise a null key matches nothing

  /// One 64-bit word holds the whole key; otherwise keys are byte strings.
  bool is_word() const;
};

/// The keys of some rows in the form the key table wants: one word a row, or one byte
/// string a row with its hash. Two keys are equal exactly when their words or byte
/// strings are. May point into the arrays it was made from; keeps them alive. Immutable;
/// thread-safe.
class KeyBatch {
 public:
  /// `columns` in the layout's order, of types that compare as the layout's types.
  static Result<KeyBatch> Make(const KeyLayout& layout,
                               const std::vector<std::shared_ptr<arrow::Array>>& columns,
                               arrow::MemoryPool* pool);

  /// The value in the bytes of a key of one string or binary column; nothing for null.
  static std::optional<std::string_view> ValueOfBytes(std::string_view bytes) {
    constexpr size_t kHeaderBytes = 1 + sizeof(uint32_t);
    if (bytes[0] != 1) return std::nullopt;
    return bytes.substr(kHeaderBytes);
  }

  int64_t size() const { return size_; }
  /// False for a key that matches nothing. The key is then unspecified.
  bool is_valid(int64_t row) const { return valid_.empty() || valid_[row] != 0; }
  bool all_valid() const { return valid_.empty(); }
  /// Word layout: the keys. Byte layout: their hashes.
  const int64_t* words() const { return words_; }
  /// Byte layout only: for each column a marker (ValueOfBytes), then the value.
  std::string_view bytes(int64_t row) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[row],
            static_cast<size_t>(offsets_[row + 1] - offsets_[row])};
  }

 private:
  explicit KeyBatch(arrow::MemoryPool* pool)
      : owned_words_(pool), valid_(pool), offsets_(pool), bytes_(pool) {}
  Status ClearInvalid(const arrow::Array& column);
  Status EncodeWord(const KeyLayout& layout, const std::shared_ptr<arrow::Array>& column);
  Status EncodeBytes(const KeyLayout& layout,
                     const std::vector<std::shared_ptr<arrow::Array>>& columns,
                     arrow::MemoryPool* pool);

  int64_t size_ = 0;
  const int64_t* words_ = nullptr;
  std::shared_ptr<arrow::Array> borrowed_;  ///< owner of words_ when not owned_words_
  PoolVector<int64_t> owned_words_;
  PoolVector<uint8_t> valid_;  ///< one byte a row; empty: all valid
  PoolVector<int64_t> offsets_;
  PoolVector<uint8_t> bytes_;
};

}  // namespace windrow::column
