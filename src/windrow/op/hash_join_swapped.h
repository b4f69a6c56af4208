// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/built_side.h"
#include "windrow/op/join_keys.h"

namespace windrow::op {

/// A join with the left side built, for a right side with more keys: streams the right
/// side's keys and row numbers, collects the row pairs, and at the end gathers both sides
/// in the left side's order. No payload column of either side is read before its rows are
/// known. Where the right side cannot be read again, its batches with a match are kept.
///
/// Holds 12 bytes a pair and 8 a left row. Output order: left rows in their order;
/// partners of one left row in the right side's order. Left rows with a null key are in
/// the table's rows but not among its keys, so left and anti joins keep them.
class HashJoinSwapped : public exec::Breaker {
 public:
  struct Options {
    JoinKind kind = JoinKind::kInner;
    std::vector<int> key_columns;  ///< of the right batches
    int row_number_column = -1;    ///< of the right batches; -1: they are kept
    JoinOutput output;             ///< semi and anti: no right columns
  };

  /// The keys of `left` are freed when the last right batch has come. `right_rows` is
  /// null where batches of `right_schema` are kept.
  HashJoinSwapped(Options options, std::shared_ptr<arrow::Schema> right_schema,
                  std::shared_ptr<BuiltSide> left,
                  std::shared_ptr<exec::RowStore> right_rows, exec::RunContext* context,
                  exec::StepMetrics* metrics);

  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return options_.output.schema;
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  bool is_existence() const {
    return options_.kind == JoinKind::kSemi || options_.kind == JoinKind::kAnti;
  }
  Status OrderByLeft(column::PoolVector<int64_t>* left_rows,
                     column::PoolVector<int64_t>* right_rows);

  Options options_;
  std::shared_ptr<BuiltSide> left_;
  std::shared_ptr<exec::RowStore> right_rows_;
  std::shared_ptr<class RetainedRows> kept_;  ///< also right_rows_; or null
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  column::PoolVector<uint32_t> matches_;    ///< by left row: number of partners
  column::PoolVector<uint32_t> pair_left_;  ///< left row of each pair
  column::PoolVector<int64_t> pair_right_;  ///< row number of each pair
};

}  // namespace windrow::op
