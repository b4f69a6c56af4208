// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/built_side.h"

namespace windrow::op {

/// Consumes one side of a join into a BuiltSide. Emits nothing.
///
/// With `row_number_column` the payload stays where it is: only keys and the numbers of
/// the rows that passed the filters are kept, and `built->rows` is set by the caller.
/// Without it the batches themselves are retained and become `built->rows`.
class HashJoinBuild : public exec::Breaker {
 public:
  struct Options {
    std::vector<int> key_columns;  ///< of the input, in the key layout's order
    int row_number_column = -1;    ///< of the input; -1: retain the batches
  };

  HashJoinBuild(Options options, std::shared_ptr<arrow::Schema> input_schema,
                std::shared_ptr<BuiltSide> built, exec::RunContext* context,
                exec::StepMetrics* metrics);

  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return no_schema_;
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  Options options_;
  std::shared_ptr<BuiltSide> built_;
  std::shared_ptr<class RetainedRows> retained_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::shared_ptr<arrow::Schema> no_schema_;
};

}  // namespace windrow::op
