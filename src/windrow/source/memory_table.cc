// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/memory_table.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/source/memory_batch.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;
using Batches = std::vector<BatchPtr>;

class MemorySource final : public exec::Source {
 public:
  MemorySource(std::shared_ptr<const Batches> rows, std::shared_ptr<arrow::Schema> schema,
               std::vector<int> columns, const exec::RunContext& context)
      : rows_(std::move(rows)),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        context_(context) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (next_ == rows_->size()) return nullptr;
    const BatchPtr& batch = (*rows_)[next_++];
    const int64_t first = first_row_;
    first_row_ += batch->num_rows();
    return std::make_unique<MemoryUnit>(schema_, *batch, columns_, first, context_);
  }

  int64_t bytes_read() const override { return 0; }

 private:
  const std::shared_ptr<const Batches> rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<int> columns_;
  const exec::RunContext& context_;
  size_t next_ = 0;
  int64_t first_row_ = 0;
};

class MemoryRowStore final : public exec::RowStore {
 public:
  MemoryRowStore(std::shared_ptr<const Batches> rows,
                 std::shared_ptr<arrow::Schema> schema)
      : rows_(std::move(rows)), schema_(std::move(schema)) {
    for (const BatchPtr& batch : *rows_) {
      offsets_.push_back(offsets_.back() + batch->num_rows());
    }
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return offsets_; }
  bool IsResident(int) const override { return true; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override {
    return (*rows_)[static_cast<size_t>(chunk)]->column(column);
  }
  int64_t bytes_read() const override { return 0; }

 private:
  const std::shared_ptr<const Batches> rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<int64_t> offsets_ = {0};
};

class MemoryTable final : public exec::Table {
 public:
  MemoryTable(const std::shared_ptr<arrow::Schema>& schema, Batches rows,
              std::string description, const char* scan_kind)
      : schema_(MemorySchema(*schema)),
        is_flat_(schema_->Equals(*schema, /*check_metadata=*/false)),
        rows_(std::make_shared<const Batches>(std::move(rows))),
        description_(std::move(description)),
        scan_kind_(scan_kind) {
    for (const BatchPtr& batch : *rows_) num_rows_ += batch->num_rows();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return num_rows_; }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int column) const override {
    int64_t nulls = 0;
    for (const BatchPtr& batch : *rows_) nulls += batch->column(column)->null_count();
    return {nullptr, nullptr, nulls};
  }
  const char* scan_kind() const override { return scan_kind_; }
  std::string description() const override { return description_; }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    return std::make_unique<MemorySource>(rows_, ScanSchema(*schema_, options),
                                          options.columns, *context);
  }
  /// Where columns must be made flat, a join keeps them rather than do it again.
  bool is_repeatable() const override { return is_flat_; }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    if (!is_flat_) return nullptr;
    return std::make_shared<MemoryRowStore>(rows_, schema_);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const bool is_flat_;
  const std::shared_ptr<const Batches> rows_;
  const std::string description_;
  const char* const scan_kind_;
  int64_t num_rows_ = 0;
};

/// Batches without rows left out, long ones cut into shares for several slots.
Batches Units(const Batches& rows) {
  constexpr int64_t kUnitRows = 1 << 18;
  Batches units;
  for (const BatchPtr& batch : rows) {
    for (int64_t row = 0; row < batch->num_rows(); row += kUnitRows) {
      units.push_back(batch->Slice(row, kUnitRows));
    }
  }
  return units;
}

}  // namespace

std::shared_ptr<exec::Table> MakeMemoryTable(std::shared_ptr<arrow::Schema> schema,
                                             Batches rows, std::string description,
                                             const char* scan_kind) {
  return std::make_shared<MemoryTable>(schema, Units(rows), std::move(description),
                                       scan_kind);
}

}  // namespace windrow::source
