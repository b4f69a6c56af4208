// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "windrow/column/aggregate_type.h"
#include "windrow/column/pool_vector.h"

namespace windrow::op {

/// How an aggregate looks at its argument's values.
enum class ValueForm {
  kNone,     ///< only whether they are null
  kInt64,    ///< integers, booleans, dates, times
  kUInt64,   ///< ubigint
  kDouble,   ///< floats
  kDecimal,  ///< 128-bit integers
  kBytes,    ///< byte strings that sort as the values do
  kCode      ///< words that are equal when the values are (see GroupCoding)
};

/// The form in which `function` takes values of a type, which is no dictionary.
ValueForm FormOf(column::Aggregate function, const arrow::DataType& type);

/// The argument of one aggregate for the rows of one batch, brought to its form. Movable;
/// keeps alive what it points to. Immutable.
struct AggregateValues {
  explicit AggregateValues(arrow::MemoryPool* pool) : views_memory(pool), codes(pool) {}

  /// `column` has `type`, or is a dictionary of it. kCode: sets validity only.
  static Result<AggregateValues> Make(ValueForm form,
                                      const std::shared_ptr<arrow::DataType>& type,
                                      const std::shared_ptr<arrow::Array>& column,
                                      arrow::MemoryPool* pool);

  bool has_nulls() const { return validity != nullptr; }
  bool IsValid(int64_t row) const {
    return validity == nullptr || arrow::bit_util::GetBit(validity, offset + row);
  }
  template <typename T>
  const T* As() const {
    return static_cast<const T*>(words);
  }
  /// kBytes
  std::string_view view(int64_t row) const {
    return views_memory[indices == nullptr ? row : indices[row]];
  }
  /// What it holds beyond the batch, by estimate.
  int64_t bytes() const;

  ValueForm form = ValueForm::kNone;
  const uint8_t* validity = nullptr;  ///< a bitmap; null: no nulls
  int64_t offset = 0;                 ///< of the first row in it
  const void* words = nullptr;        ///< by row, of the form's C type
  const int32_t* indices = nullptr;   ///< of views; null: the row is its own
  column::PoolVector<std::string_view> views_memory;
  column::PoolVector<uint64_t> codes;  ///< kCode
  std::vector<std::shared_ptr<arrow::Array>> owners;
};

/// An array of int64, uint64 or double with the values of `column`; a decimal or one of
/// these as it is.
Result<std::shared_ptr<arrow::Array>> Widened(const std::shared_ptr<arrow::Array>& column,
                                              arrow::MemoryPool* pool);
/// The reverse of Widened: the same values as `type`.
Result<std::shared_ptr<arrow::Array>> Narrowed(
    const std::shared_ptr<arrow::Array>& column,
    const std::shared_ptr<arrow::DataType>& type, arrow::MemoryPool* pool);

}  // namespace windrow::op
