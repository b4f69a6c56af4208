// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/pool_vector.h"

namespace windrow::column {

/// How one column takes part in an order.
struct OrderKey {
  bool descending = false;
  bool nulls_first = false;
};

/// True when rows can be ordered by a column of this type, or a dictionary of it.
bool HasOrder(const arrow::DataType& type);

/// The rows of some columns under a lexicographic order: first column first. Equal values
/// fall through to the next column; rows equal in all columns compare as 0. Floats are
/// ordered as OrderedWord does, text and binary by bytes. Immutable; thread-safe.
class RowOrder {
 public:
  /// `columns` have the types HasOrder allows and one length.
  static Result<RowOrder> Make(const std::vector<OrderKey>& keys,
                               const std::vector<std::shared_ptr<arrow::Array>>& columns,
                               arrow::MemoryPool* pool);

  /// Numbers by row that sort as the rows do as far as they differ: the first column's
  /// words or first bytes. Empty when there is no column.
  const PoolVector<uint64_t>& prefixes() const { return prefixes_; }
  /// True when rows with equal prefixes are equal.
  bool prefix_decides() const { return prefix_decides_; }
  /// Negative, 0 or positive, as row a comes before, with or after row b.
  int Compare(int64_t a, int64_t b) const { return CompareRows(*this, a, *this, b); }
  /// The same for rows of two tables with the same keys and types.
  static int CompareRows(const RowOrder& left, int64_t a, const RowOrder& right,
                         int64_t b);

 private:
  explicit RowOrder(arrow::MemoryPool* pool) : prefixes_(pool) {}
  struct Column;
  static int CompareValues(const Column& left, int64_t a, const Column& right, int64_t b);
  Status FillPrefixes();

  std::vector<std::shared_ptr<const Column>> columns_;
  PoolVector<uint64_t> prefixes_;
  bool prefix_decides_ = true;
};

}  // namespace windrow::column
