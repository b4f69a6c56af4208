// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/compute/expression.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "windrow/column/key_table.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/built_side.h"
#include "windrow/op/join_keys.h"

namespace windrow::op {

/// What must be true of two rows, beside their equal keys, for them to join.
struct PairCondition {
  arrow::compute::Expression predicate;   ///< bound to `schema`, boolean
  std::string text;                       ///< as written, for errors
  std::shared_ptr<arrow::Schema> schema;  ///< what it reads: left columns, then right
  std::vector<int> left_columns;          ///< of the left batches
  std::vector<int> right_columns;         ///< of the built side's rows
};

/// The joined row pairs of one left batch, a bounded number at a time: for joins with a
/// condition or without keys, where a row may have any number of partners. Only the
/// columns that the condition reads are gathered for pairs that it has not passed yet.
/// Single-threaded; borrows everything but the batch.
class JoinPairs {
 public:
  /// Candidate pairs looked at at once, unless one left row alone has more.
  static constexpr int64_t kPairsMax = 128 * 1024;

  struct Options {
    JoinKind kind = JoinKind::kInner;  ///< kLeft also gives rows without partner
    const std::vector<int>* key_columns = nullptr;
    const PairCondition* condition = nullptr;  ///< null: equal keys are enough
  };

  static Result<std::unique_ptr<JoinPairs>> Make(
      const Options& options, std::shared_ptr<arrow::RecordBatch> batch,
      const BuiltSide* right, const exec::RunContext* context);

  bool done() const { return next_row_ == std::ssize(counts_); }

  /// Appends the pairs of the next left rows, in the order of KeyMatches; of a kLeft join
  /// a row without partner once, with KeyTable::kNoBuildRow. Not when done.
  Status Next(column::KeyMatches* matches);

 private:
  JoinPairs(const Options& options, std::shared_ptr<arrow::RecordBatch> batch,
            const BuiltSide* right, const exec::RunContext* context);
  Status Count();
  Status AppendJoined(std::span<const uint32_t> left, std::span<const uint32_t> right,
                      column::KeyMatches* joined) const;
  Result<std::shared_ptr<arrow::RecordBatch>> GatherPairs(
      std::span<const uint32_t> left, std::span<const uint32_t> right) const;

  Options options_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  const BuiltSide* right_;
  const exec::RunContext* context_;
  std::vector<uint32_t> counts_;  ///< partners by key of each left row
  int64_t next_row_ = 0;
};

}  // namespace windrow::op
