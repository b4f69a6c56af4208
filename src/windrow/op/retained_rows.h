// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/table.h"

namespace windrow::op {

/// Batches held in memory as addressable rows: what a join gathers from when its input is
/// not a plain scan. Add from one thread; thread-safe once the last batch is in.
class RetainedRows : public exec::RowStore {
 public:
  explicit RetainedRows(std::shared_ptr<arrow::Schema> schema);

  void Add(std::shared_ptr<arrow::RecordBatch> batch);

  /// What was added as number `chunk`.
  const std::shared_ptr<arrow::RecordBatch>& batch(size_t chunk) const {
    return batches_.at(chunk);
  }

  /// Bytes of its values.
  int64_t value_bytes() const { return value_bytes_; }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return chunk_offsets_; }
  bool IsResident(int) const override { return true; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override;
  int64_t bytes_read() const override { return 0; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  std::vector<int64_t> chunk_offsets_ = {0};
  int64_t value_bytes_ = 0;
};

}  // namespace windrow::op
