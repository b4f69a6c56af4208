// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <deque>
#include <memory>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/pipeline.h"
#include "windrow/exec/table.h"

namespace windrow::testing {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Batches = std::vector<BatchPtr>;

/// Delivers batches held in memory; each element of `units` is one unit.
class MemorySource : public exec::Source {
 public:
  MemorySource(std::shared_ptr<arrow::Schema> schema, std::deque<Batches> units)
      : schema_(std::move(schema)), units_(std::move(units)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override;
  int64_t bytes_read() const override { return 0; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::deque<Batches> units_;
};

/// `batches` as units of one to three batches each.
std::deque<Batches> AsUnits(const Batches& batches);

/// Keeps what is written in `*rows`.
class CollectingSink : public exec::TransientSink {
 public:
  explicit CollectingSink(Batches* rows) : rows_(rows) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(BatchPtr batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  void Abort() override { rows_->clear(); }

 private:
  Batches* rows_;
};

}  // namespace windrow::testing
