// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "windrow/exec/row_buffer.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// The rows of a step, for the steps that read it: empty until a run fills it. Scans
/// begin after that; everything else may be asked before.
class RowBufferTable : public exec::Table {
 public:
  explicit RowBufferTable(std::shared_ptr<arrow::Schema> schema)
      : schema_(std::move(schema)) {}

  /// Takes the rows of one run; null lets them go when the run has ended.
  void SetRows(std::shared_ptr<const exec::RowBuffer> rows) { rows_ = std::move(rows); }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return std::nullopt; }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int) const override { return {}; }
  const char* scan_kind() const override { return "kept"; }
  std::string description() const override { return "kept rows"; }
  bool is_repeatable() const override { return false; }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override;
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return nullptr;
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<const exec::RowBuffer> rows_;
};

}  // namespace windrow::source
