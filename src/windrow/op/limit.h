// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "windrow/exec/operator.h"

namespace windrow::op {

/// Passes the first `count` rows in order, then stops the source.
class Limit : public exec::Breaker {
 public:
  Limit(int64_t count, std::shared_ptr<arrow::Schema> schema);

  const std::shared_ptr<arrow::Schema>& output_schema() const override { return schema_; }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter*) override { return Status::OK(); }
  bool done() const override;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::atomic<int64_t> rows_left_;
};

}  // namespace windrow::op
