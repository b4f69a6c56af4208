// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Cuts and joins batches so that each has as many rows as go into `rows` rows and
/// `bytes` bytes of values, at least one. Put before a sink whose file layout follows its
/// batches: the file then does not depend on how the run was divided. A batch that has
/// the right size passes through uncopied.
class Rebatch : public exec::Breaker {
 public:
  struct Size {
    int64_t rows;
    int64_t bytes;
  };

  Rebatch(Size most, std::shared_ptr<arrow::Schema> schema, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  Size Fitting(const arrow::RecordBatch& batch) const;
  Status EmitWaiting(exec::Emitter* emitter);

  Size most_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> waiting_;
  Size waiting_size_{0, 0};  ///< of all of them, at most most_ or a single row
};

}  // namespace windrow::op
