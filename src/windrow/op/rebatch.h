// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Cuts and joins batches so that each has exactly `rows` rows, the last one fewer. Put
/// before a sink whose file layout follows its batches: the file then does not depend on
/// how the run was divided. A batch that has the right size passes through uncopied.
class Rebatch : public exec::Breaker {
 public:
  Rebatch(int64_t rows, std::shared_ptr<arrow::Schema> schema, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  Status EmitWaiting(exec::Emitter* emitter);

  int64_t rows_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> waiting_;  ///< together at most rows_
  int64_t waiting_rows_ = 0;
};

}  // namespace windrow::op
