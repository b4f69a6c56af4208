// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/column/group_table.h"
#include "windrow/column/pool_vector.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/aggregate_state.h"
#include "windrow/op/aggregate_values.h"
#include "windrow/op/group_coding.h"

namespace windrow::op {

/// What is grouped and what is aggregated. Immutable.
struct AggregateLayout {
  std::vector<std::shared_ptr<arrow::DataType>> key_types;  ///< no dictionaries
  std::vector<AggregateKind> kinds;
  std::shared_ptr<arrow::Schema> output;  ///< keys, then a column for each kind
  bool has_distinct = false;
};

/// How keys, and the values whose distinct ones are counted, become words.
class AggregateCoding {
 public:
  AggregateCoding(const AggregateLayout& layout, exec::RunContext* context);

  GroupCoding& keys() { return keys_; }
  const GroupCoding& keys() const { return keys_; }
  /// Null where distinct values are not counted.
  GroupCoding* distinct(size_t index) const { return distinct_[index].get(); }
  int64_t bytes() const;

 private:
  GroupCoding keys_;
  std::vector<std::unique_ptr<GroupCoding>> distinct_;
};

/// A batch prepared to be aggregated: rows of the input with their values, or groups with
/// what was gathered from their rows. Rows are also there in the order of their parts.
struct AggregatePiece {
  /// Groups are divided among this many parts, by hash, so that many slots can work on
  /// them and what one part gathers stays in a cache.
  static constexpr int kPartBits = 6;
  static constexpr int kParts = 1 << kPartBits;

  explicit AggregatePiece(arrow::MemoryPool* pool);

  /// Computes hashes and the order of parts.
  Status Divide();
  int64_t first_row_of(int64_t row) const {
    return base_row + (first_rows.empty() ? row : first_rows[row]);
  }
  bool is_grouped() const { return !states.empty(); }

  /// Set when it is yet to be prepared; nothing else is then but input_rows and bytes.
  std::shared_ptr<arrow::RecordBatch> batch;
  std::shared_ptr<AggregateCoding> coding;
  int64_t input_rows = 0;  ///< that it stands for
  int64_t rows = 0;
  int64_t base_row = 0;  ///< number of its first row in the input
  column::PoolVector<uint64_t> keys;
  column::PoolVector<uint64_t> hashes;
  column::PoolVector<int64_t> first_rows;  ///< from base_row; empty: rows are input rows
  column::PoolVector<uint32_t> order;      ///< rows by part, else as they were
  std::array<uint32_t, kParts + 1> starts = {};
  /// By aggregate, null where there is nothing for it.
  std::vector<std::unique_ptr<AggregateValues>> values;
  /// By aggregate, null where there is nothing for it; empty when rows are not grouped.
  std::vector<std::unique_ptr<AggregateState>> states;
  int64_t bytes = 0;  ///< by estimate
};

/// Some of the groups and what was gathered for each. Single-threaded.
class AggregatePart {
 public:
  AggregatePart(const AggregateLayout& layout, const AggregateCoding& coding,
                arrow::MemoryPool* pool);

  /// Takes `count` rows of the piece; all of them without `rows`. May point to the piece
  /// until Settle.
  Status Add(const AggregatePiece& piece, const uint32_t* rows, int64_t count);
  Status Settle();
  /// A group without rows, when there is none at all.
  Status AddEmptyGroup();

  int64_t num_groups() const { return table_.size(); }
  const column::GroupTable& table() const { return table_; }
  /// By group, the number of the row in which it first appeared; ascending as long as
  /// rows came in order.
  const column::PoolVector<int64_t>& first_rows() const { return first_rows_; }
  const AggregateState& state(size_t index) const { return *states_[index]; }
  std::vector<std::unique_ptr<AggregateState>> TakeStates() { return std::move(states_); }
  int64_t bytes() const;

 private:
  arrow::MemoryPool* pool_;
  column::GroupTable table_;
  column::PoolVector<int64_t> first_rows_;
  std::vector<std::unique_ptr<AggregateState>> states_;
};

}  // namespace windrow::op
