// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Looks whether rows come in ascending order of all their columns, nulls last, and
/// counts the distinct ones. Is done at the first row that does not.
class KeyOrder : public exec::Breaker {
 public:
  struct Found {
    bool is_sorted = true;
    int64_t groups = 0;  ///< distinct keys, if sorted
  };

  /// `found` is shared with the caller and right once the pipeline has run.
  KeyOrder(std::shared_ptr<Found> found, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return none_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter*) override { return Status::OK(); }
  bool done() const override { return !is_sorted_; }

 private:
  std::shared_ptr<arrow::Schema> none_;
  std::shared_ptr<Found> found_;
  exec::RunContext* context_;
  std::atomic<bool> is_sorted_ = true;
  std::shared_ptr<arrow::RecordBatch> last_;  ///< the last row so far
};

}  // namespace windrow::op
