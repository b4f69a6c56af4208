// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {

/// Orders rows by some columns; with a limit, keeps only the first rows of that order.
///
/// Rows that compare equal keep their input order, so the result does not depend on slots
/// or batch size. NaN stands between numbers and nulls, wherever those are. With a limit
/// each batch is cut to its own first rows in parallel, and the survivors are cut again
/// whenever there are kCompactFactor times too many, so memory follows the limit, not the
/// input.
class Sort : public exec::Breaker {
 public:
  struct Key {
    int column;
    bool descending = false;
    bool nulls_first = false;
  };
  struct Options {
    std::vector<Key> keys;
    std::optional<int64_t> limit;
  };

  Sort(Options options, std::shared_ptr<arrow::Schema> schema, exec::RunContext* context,
       exec::StepMetrics* metrics);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  /// Row numbers of `rows` in sort order, at most `limit` of them.
  Result<std::vector<int64_t>> OrderOf(const RetainedRows& rows) const;
  /// Gathers the rows so ordered and hands them over in pieces of a window's size.
  Status TakeOrdered(
      const RetainedRows& rows, const std::vector<int64_t>& order,
      const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take) const;

  Options options_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::unique_ptr<RetainedRows> rows_;
};

}  // namespace windrow::op
