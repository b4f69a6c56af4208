// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/column/aggregate_type.h"
#include "windrow/op/aggregate_values.h"

namespace windrow::op {

/// What one aggregate has gathered for each of many groups, as columns by group number.
///
///   Resize   groups are added, with nothing gathered yet
///   Update   takes values of rows
///   Merge    takes what another state gathered from rows that came later
///   Settle   lets go of values that Update pointed to
///   Save     what was gathered as columns, which Load takes back
///   Finish   the result
///
/// Rows must be given in input order for a group; the order of groups is free. Without
/// `rows`, row i is row i. Single-threaded.
class AggregateState {
 public:
  virtual ~AggregateState() = default;

  /// With `have_values` each new group gets a value, not null, before anything else
  /// happens.
  virtual Status Resize(int64_t groups, bool have_values) = 0;
  virtual Status Update(const AggregateValues& values, const uint32_t* rows,
                        int64_t count, const uint32_t* groups) = 0;
  /// `other` is of the same kind; its groups are the rows.
  virtual Status Merge(const AggregateState& other, const uint32_t* rows, int64_t count,
                       const uint32_t* groups) = 0;
  /// True when every group of it has a value.
  virtual bool has_values() const = 0;
  virtual Status Settle() { return Status::OK(); }
  virtual Result<std::vector<std::shared_ptr<arrow::Array>>> Save(
      std::span<const uint32_t> groups, arrow::MemoryPool* pool) const = 0;
  /// Into a new state, a group for each row.
  virtual Status Load(const std::vector<std::shared_ptr<arrow::Array>>& columns) = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish(std::span<const uint32_t> groups,
                                                       arrow::MemoryPool* pool) const = 0;
  virtual int64_t bytes() const = 0;
};

/// One aggregate and the type of its argument, which is no dictionary.
struct AggregateKind {
  column::Aggregate function;
  std::shared_ptr<arrow::DataType> argument;
};

/// A state without groups. Allocates from `pool`. `code_bits` of kCountDistinct.
std::unique_ptr<AggregateState> MakeAggregateState(const AggregateKind& kind,
                                                   int code_bits,
                                                   arrow::MemoryPool* pool);

/// The types of the columns that Save gives.
std::vector<std::shared_ptr<arrow::DataType>> SavedTypes(const AggregateKind& kind);

// The families; MakeAggregateState chooses.
std::unique_ptr<AggregateState> MakeCountState(arrow::MemoryPool* pool);
std::unique_ptr<AggregateState> MakeSumState(const AggregateKind& kind,
                                             arrow::MemoryPool* pool);
std::unique_ptr<AggregateState> MakeExtremeState(const AggregateKind& kind,
                                                 arrow::MemoryPool* pool);
std::unique_ptr<AggregateState> MakeEndState(const AggregateKind& kind,
                                             arrow::MemoryPool* pool);
std::unique_ptr<AggregateState> MakeBytesState(const AggregateKind& kind,
                                               arrow::MemoryPool* pool);
std::unique_ptr<AggregateState> MakeDistinctState(int code_bits, arrow::MemoryPool* pool);

}  // namespace windrow::op
