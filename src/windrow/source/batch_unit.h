// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "windrow/exec/table.h"

namespace windrow::source {

/// A unit of one batch that is there already.
class BatchUnit : public exec::UnitReader {
 public:
  explicit BatchUnit(std::shared_ptr<arrow::RecordBatch> batch)
      : batch_(std::move(batch)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    return std::exchange(batch_, nullptr);
  }

 private:
  std::shared_ptr<arrow::RecordBatch> batch_;
};

}  // namespace windrow::source
