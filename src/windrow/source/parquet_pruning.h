// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>
#include <arrow/type.h>

#include <memory>
#include <optional>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/source/parquet_file.h"

namespace windrow::source {

/// What the footer says about one column in one row group. `min` and `max` bound the
/// values that are neither null nor NaN; they have the column's type, or for a dictionary
/// the type of its values, and may be no value of the column.
struct ChunkBounds {
  std::shared_ptr<arrow::Scalar> min;  ///< null when unknown; then max is null too
  std::shared_ptr<arrow::Scalar> max;
  std::optional<int64_t> null_count;
  bool exact = true;  ///< false when a bound is known to be a shortened string
};

/// Everything unknown for nested columns, missing or unusable statistics.
ChunkBounds BoundsOf(const ParquetFile& file, int row_group, int column);

/// The bounds of all row groups taken together.
exec::ColumnStats StatsOf(const ParquetFile& file, int column);

/// Tells from the footer which row groups cannot hold a row that a predicate accepts.
/// Thread-compatible.
///
/// Bounds leave out NaN, so they say nothing about `not (x <= 1)`, which NaN satisfies,
/// and is_null may count NaN too. Statistics of a floating column are used only when
/// every mention of it is one side of a comparison (other than "not equal") with a
/// constant, below nothing but `and` and `or`: NaN makes such a comparison false, and no
/// wrong "true" can hide a row.
class RowGroupPruner {
 public:
  /// `predicate` is bound to the file's schema; null accepts every row.
  RowGroupPruner(std::shared_ptr<const ParquetFile> file,
                 std::shared_ptr<const arrow::compute::Expression> predicate);

  bool MayMatch(int row_group) const;

 private:
  struct Mention {
    arrow::FieldRef ref;
    int column;
    bool with_bounds;    ///< min and max may be used
    bool with_validity;  ///< that there are no nulls may be used
  };

  static std::optional<arrow::compute::Expression> GuaranteeOf(const Mention& mention,
                                                               const ChunkBounds& bounds,
                                                               int64_t num_rows);

  std::shared_ptr<const ParquetFile> file_;
  std::shared_ptr<const arrow::compute::Expression> predicate_;
  std::vector<Mention> mentions_;  ///< the columns the predicate names
};

}  // namespace windrow::source
