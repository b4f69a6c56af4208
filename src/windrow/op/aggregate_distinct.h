// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "windrow/column/group_table.h"
#include "windrow/op/aggregate_state.h"

namespace windrow::op {

/// Counts the distinct values of groups: a set of pairs of a group and a value's code.
/// What is saved of it is its pairs, apart from the groups. Does not merge.
class DistinctState : public AggregateState {
 public:
  /// Codes have `code_bits`.
  DistinctState(int code_bits, arrow::MemoryPool* pool);

  Status Resize(int64_t groups, bool have_values) override;
  Status Update(const AggregateValues& values, const uint32_t* rows, int64_t count,
                const uint32_t* groups) override;
  Status Merge(const AggregateState& other, const uint32_t* rows, int64_t count,
               const uint32_t* groups) override;
  bool has_values() const override { return true; }
  Result<std::vector<std::shared_ptr<arrow::Array>>> Save(
      std::span<const uint32_t> groups, arrow::MemoryPool* pool) const override;
  Status Load(const std::vector<std::shared_ptr<arrow::Array>>& columns) override;
  Result<std::shared_ptr<arrow::Array>> Finish(std::span<const uint32_t> groups,
                                               arrow::MemoryPool* pool) const override;
  int64_t bytes() const override { return pairs_.bytes() + counts_.size() * 8; }

  int64_t num_pairs() const { return pairs_.size(); }
  uint32_t group_of(int64_t pair) const;
  uint64_t code_of(int64_t pair) const;

 private:
  bool is_packed() const { return pairs_.words() == 1; }

  arrow::MemoryPool* pool_;
  column::PoolVector<int64_t> counts_;
  column::GroupTable pairs_;  ///< one word when a group and a code fit, else two
};

}  // namespace windrow::op
