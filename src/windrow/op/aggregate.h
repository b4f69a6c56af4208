// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/column/aggregate_type.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/aggregate_prepare.h"
#include "windrow/op/aggregate_store.h"

namespace windrow::op {

/// Makes one row of the rows of each group: its keys, and what aggregates give.
///
///   Prepare   keys become words, and a batch with many rows of a group is aggregated
///   Consume   batches are aggregated a window at a time, by parts of the groups
///   Finish    the groups come out
///
/// Groups come in the order of their first rows. A null key equals a null, NaN equals
/// NaN and -0.0 equals 0.0. Without keys there is one group, also when there are no rows.
/// Sums of floats are added up in input order, batch sums where a batch was aggregated on
/// its own; neither depends on slots. Groups that do not fit the budget go to disk.
class Aggregate : public exec::Breaker {
 public:
  struct Column {
    std::string name;
    column::Aggregate function;
    int argument;  ///< column of the input; -1 for kCountRows
  };
  struct Options {
    std::vector<int> key_columns;
    std::vector<Column> columns;
    bool partial = true;  ///< batches may be aggregated on their own
  };

  /// Types are those AggregateType takes, keys have an order.
  Aggregate(Options options, const std::shared_ptr<arrow::Schema>& input_schema,
            exec::RunContext* context, exec::StepMetrics* metrics);
  ~Aggregate() override;

  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return layout_.output;
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  Status EmitFromDisk(exec::Emitter* emitter);

  const AggregateLayout layout_;
  const AggregateColumns columns_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  AggregateStore store_;
};

}  // namespace windrow::op
