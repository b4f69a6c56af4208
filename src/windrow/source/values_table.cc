// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/values_table.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/source/batch_unit.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Slices of a morsel's rows. The whole table is no larger than its text in the job.
class ValuesSource final : public exec::Source {
 public:
  ValuesSource(BatchPtr rows, int64_t morsel_rows)
      : rows_(std::move(rows)), morsel_rows_(morsel_rows), schema_(rows_->schema()) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (next_row_ == rows_->num_rows()) return nullptr;
    const int64_t count = std::min(morsel_rows_, rows_->num_rows() - next_row_);
    auto slice = rows_->Slice(next_row_, count);
    next_row_ += count;
    return std::make_unique<BatchUnit>(std::move(slice));
  }

  int64_t bytes_read() const override { return 0; }

 private:
  const BatchPtr rows_;
  const int64_t morsel_rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  int64_t next_row_ = 0;
};

class ValuesRowStore final : public exec::RowStore {
 public:
  explicit ValuesRowStore(BatchPtr rows)
      : rows_(std::move(rows)), schema_(rows_->schema()) {
    if (rows_->num_rows() > 0) offsets_.push_back(rows_->num_rows());
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return offsets_; }
  bool IsResident(int) const override { return true; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int, int column) const override {
    return rows_->column(column);
  }
  int64_t bytes_read() const override { return 0; }

 private:
  const BatchPtr rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<int64_t> offsets_ = {0};
};

class ValuesTable final : public exec::Table {
 public:
  explicit ValuesTable(BatchPtr rows)
      : rows_(std::move(rows)), schema_(rows_->schema()) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return rows_->num_rows(); }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int column) const override {
    return {nullptr, nullptr, rows_->column(column)->null_count()};
  }
  std::string description() const override { return "values of the job"; }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const int column : options.columns) {
      fields.push_back(schema_->field(column));
      columns.push_back(rows_->column(column));
    }
    if (options.row_numbers) {
      arrow::Int64Builder numbers(context->pool);
      ARROW_RETURN_NOT_OK(numbers.Reserve(rows_->num_rows()));
      for (int64_t row = 0; row < rows_->num_rows(); ++row) numbers.UnsafeAppend(row);
      fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64()));
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), numbers.Finish());
    }
    return std::make_unique<ValuesSource>(
        arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows_->num_rows(),
                                 std::move(columns)),
        context->morsel_rows);
  }

  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return std::make_shared<ValuesRowStore>(rows_);
  }

 private:
  const BatchPtr rows_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::shared_ptr<exec::Table> MakeValuesTable(BatchPtr rows) {
  return std::make_shared<ValuesTable>(std::move(rows));
}

}  // namespace windrow::source
