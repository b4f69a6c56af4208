// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/built_side.h"
#include "windrow/op/join_keys.h"
#include "windrow/op/join_pairs.h"

namespace windrow::op {

/// Inner or left join with the right side built: streams the left side and keeps its
/// order.
///
/// Batches are matched in parallel; their row pairs wait until the output of a window of
/// them is worth gathering (WindowBytes), then all columns of the window are gathered at
/// once. A batch of which few rows joined waits as those rows only. So memory is about
/// two windows of output, whatever the input's size. With a condition or without keys a
/// batch may have any number of pairs: beyond kWaitingPairsMax of them the rest are found
/// when the batch's turn has come, a window at a time.
/// Example: left keys 5, 7, null and a table {7: row 2}: inner gives the pair (1, 2),
/// left gives (0, none), (1, 2), (2, none).
class HashJoinProbe : public exec::Breaker {
 public:
  struct Options {
    JoinKind kind = JoinKind::kInner;  ///< kInner or kLeft
    std::vector<int> key_columns;      ///< of the left batches; none: all rows join
    JoinOutput output;                 ///< left columns are those of the left batches
    std::optional<PairCondition> condition = std::nullopt;
  };
  static constexpr int64_t kWaitingPairsMax = 1 << 20;

  HashJoinProbe(Options options, std::shared_ptr<arrow::Schema> left_schema,
                std::shared_ptr<const BuiltSide> right, exec::RunContext* context,
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
  bool finds_piecewise() const {
    return options_.condition.has_value() || options_.key_columns.empty();
  }
  Result<std::unique_ptr<exec::Prepared>> PreparePairs(
      std::shared_ptr<arrow::RecordBatch> batch);
  Status Wait(std::unique_ptr<exec::Prepared> prepared, exec::Emitter* emitter);
  Status EmitWindow(exec::Emitter* emitter);

  Options options_;
  std::shared_ptr<arrow::Schema> left_schema_;
  std::shared_ptr<const BuiltSide> right_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  const int64_t window_bytes_;
  const int64_t window_rows_;  ///< most, by types
  const int64_t right_row_bytes_;
  std::vector<std::unique_ptr<exec::Prepared>> waiting_;
  int64_t waiting_rows_ = 0;   ///< output rows of the waiting batches
  int64_t waiting_bytes_ = 0;  ///< and what they take, by the values seen
};

/// Semi or anti join with the right side built: a filter on the left side. With a
/// condition, a partner counts only if the pair fulfils it.
class HashJoinFilter : public exec::Operator {
 public:
  HashJoinFilter(JoinKind kind, std::vector<int> key_columns,
                 std::optional<PairCondition> condition,
                 std::shared_ptr<arrow::Schema> schema,
                 std::shared_ptr<const BuiltSide> right, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Process(
      std::shared_ptr<arrow::RecordBatch> batch) override;

 private:
  Status FindPartners(const std::shared_ptr<arrow::RecordBatch>& batch,
                      std::vector<uint8_t>* exists) const;

  JoinKind kind_;
  std::vector<int> key_columns_;
  std::optional<PairCondition> condition_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<const BuiltSide> right_;
  exec::RunContext* context_;
};

}  // namespace windrow::op
