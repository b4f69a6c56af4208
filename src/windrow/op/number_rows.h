// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::op {

/// Adds an int64 column at the end that counts the rows as they come.
class NumberRows : public exec::Breaker {
 public:
  NumberRows(const std::string& column, int64_t first_row, const arrow::Schema& input,
             exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter*) override { return Status::OK(); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  exec::RunContext* context_;
  int64_t next_;
};

}  // namespace windrow::op
