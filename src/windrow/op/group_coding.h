// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Packs the values of some columns into as few 64-bit words as their types need, and
/// back: integers, dates and times by value; text and whatever else is wider as codes of
/// dictionaries that grow with what comes in. Rows have equal words exactly when all
/// their values are equal, null being equal to null, NaN to NaN and -0.0 to 0.0.
///
/// Example: a date (32 bits and one for null) and a text (31) make one word.
///
/// Code may be called from many threads at once.
class GroupCoding {
 public:
  /// Types that have an order, no dictionaries. Without `has_nulls` nulls get any words.
  GroupCoding(const std::vector<std::shared_ptr<arrow::DataType>>& types, bool has_nulls,
              exec::RunContext* context);
  ~GroupCoding();

  int words() const { return words_; }
  /// Bits of a single column.
  int bits() const;

  /// keys[row * words() ...] for each of `rows` rows. Columns have the types or are
  /// dictionaries of them.
  Status Code(const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t rows,
              column::PoolVector<uint64_t>* keys);
  /// The columns of `count` keys. Cheaper when `is_coding_over`, no Code being under way.
  Result<std::vector<std::shared_ptr<arrow::Array>>> Decode(
      const uint64_t* keys, int64_t count, bool is_coding_over,
      arrow::MemoryPool* pool) const;
  /// Memory of the dictionaries.
  int64_t bytes() const;
  /// Of the columns of one key, by estimate.
  int64_t row_bytes() const;

 private:
  struct Column;

  void Place(bool has_nulls);
  Status CodeText(Column* column, const std::shared_ptr<arrow::Array>& values,
                  uint64_t* keys) const;
  Result<std::shared_ptr<arrow::Array>> DecodeText(const Column& column,
                                                   const uint64_t* keys, int64_t count,
                                                   bool is_coding_over,
                                                   arrow::MemoryPool* pool) const;
  Result<std::shared_ptr<arrow::Array>> DecodeBits(const Column& column,
                                                   const uint64_t* keys, int64_t count,
                                                   arrow::MemoryPool* pool) const;

  exec::RunContext* context_;
  int words_ = 0;
  std::vector<std::unique_ptr<Column>> columns_;
};

}  // namespace windrow::op
