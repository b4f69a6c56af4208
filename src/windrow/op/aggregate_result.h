// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/op/aggregate_piece.h"

namespace windrow::op {

/// Makes output of parts that are complete. Thread-safe.
class AggregateResult {
 public:
  using Parts = std::span<const std::unique_ptr<AggregatePart>>;

  /// `parts` hold null where there is none. All is borrowed.
  AggregateResult(const AggregateLayout& layout, const AggregateCoding& coding,
                  Parts parts, exec::RunContext* context);

  /// Ascending row numbers from 0 to `rows`, such that groups that first appear between
  /// two of them make a batch of a good size.
  std::vector<int64_t> Cuts(int64_t rows) const;
  /// Groups that first appear in rows from `begin` to before `end`, in that order.
  Result<std::shared_ptr<arrow::RecordBatch>> InOrder(int64_t begin, int64_t end) const;
  /// All groups of one part, with the number of their first rows as a last column.
  Result<std::shared_ptr<arrow::RecordBatch>> OfPart(const AggregatePart& part) const;

 private:
  int64_t BatchGroups() const;
  Result<std::shared_ptr<arrow::Array>> Column(const AggregatePart& part, size_t index,
                                               std::span<const uint32_t> groups) const;

  const AggregateLayout& layout_;
  const AggregateCoding& coding_;
  const Parts parts_;
  exec::RunContext* context_;
};

/// `output` and the column that holds the number of a group's first row.
std::shared_ptr<arrow::Schema> WithFirstRow(const arrow::Schema& output);

}  // namespace windrow::op
