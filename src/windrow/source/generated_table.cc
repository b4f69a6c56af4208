// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/generated_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/run_context.h"
#include "windrow/source/generated_dataset.h"

namespace windrow::source {
namespace {

using Columns = std::shared_ptr<const std::vector<GeneratedColumn>>;

/// Makes one batch: its rows of the asked columns.
class RangeReader final : public exec::UnitReader {
 public:
  RangeReader(Columns columns, std::shared_ptr<arrow::Schema> schema,
              exec::ScanOptions options, RowRange rows, arrow::MemoryPool* pool)
      : columns_(std::move(columns)),
        schema_(std::move(schema)),
        options_(std::move(options)),
        rows_(rows),
        pool_(pool) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (std::exchange(is_done_, true)) return nullptr;
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const int column : options_.columns) {
      ARROW_ASSIGN_OR_RAISE(auto array, (*columns_)[column].make(rows_, pool_));
      arrays.push_back(std::move(array));
    }
    if (options_.row_numbers) {
      const auto numbers = NumberColumn<int64_t>(exec::kRowNumberColumn, arrow::int64(),
                                                 [](int64_t row) { return row; });
      ARROW_ASSIGN_OR_RAISE(auto array, numbers.make(rows_, pool_));
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(schema_, rows_.count, std::move(arrays));
  }

 private:
  const Columns columns_;
  const std::shared_ptr<arrow::Schema> schema_;
  const exec::ScanOptions options_;
  const RowRange rows_;
  arrow::MemoryPool* const pool_;
  bool is_done_ = false;
};

/// Hands out the table's rows range by range, each a batch within the run's bounds.
class GeneratedSource final : public exec::Source {
 public:
  GeneratedSource(Columns columns, int64_t num_rows, exec::ScanOptions options,
                  const exec::RunContext& context)
      : columns_(std::move(columns)),
        num_rows_(num_rows),
        options_(std::move(options)),
        pool_(context.pool) {
    arrow::FieldVector fields;
    int64_t row_bytes = 1;
    for (const int column : options_.columns) {
      const GeneratedColumn& generated = (*columns_)[column];
      fields.push_back(arrow::field(generated.name, generated.type));
      row_bytes += generated.row_bytes;
    }
    if (options_.row_numbers) {
      fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64()));
      row_bytes += sizeof(int64_t);
    }
    schema_ = arrow::schema(std::move(fields));
    unit_rows_ = std::max<int64_t>(
        1, std::min(context.morsel_rows, context.morsel_bytes / row_bytes));
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (next_row_ == num_rows_) return nullptr;
    const RowRange rows{next_row_, std::min(unit_rows_, num_rows_ - next_row_)};
    next_row_ += rows.count;
    return std::make_unique<RangeReader>(columns_, schema_, options_, rows, pool_);
  }

  int64_t bytes_read() const override { return 0; }

 private:
  const Columns columns_;
  const int64_t num_rows_;
  const exec::ScanOptions options_;
  arrow::MemoryPool* const pool_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t unit_rows_;
  int64_t next_row_ = 0;
};

/// Makes a column of a chunk each time it is asked for.
class GeneratedRowStore final : public exec::RowStore {
 public:
  GeneratedRowStore(Columns columns, std::shared_ptr<arrow::Schema> schema,
                    int64_t num_rows, arrow::MemoryPool* pool)
      : columns_(std::move(columns)), schema_(std::move(schema)), pool_(pool) {
    for (int64_t row = 0; row < num_rows; row += kChunkRows) offsets_.push_back(row);
    offsets_.push_back(num_rows);
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return offsets_; }
  bool IsResident(int) const override { return false; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override {
    WINDROW_CHECK(chunk >= 0 && chunk + 1 < static_cast<int>(offsets_.size()));
    return columns_->at(column).make(
        {offsets_[chunk], offsets_[chunk + 1] - offsets_[chunk]}, pool_);
  }
  int64_t bytes_read() const override { return 0; }

 private:
  static constexpr int64_t kChunkRows = 64 * 1024;

  const Columns columns_;
  const std::shared_ptr<arrow::Schema> schema_;
  arrow::MemoryPool* const pool_;
  std::vector<int64_t> offsets_;
};

class GeneratedTable final : public exec::Table {
 public:
  GeneratedTable(const GenerateOptions& options, std::vector<GeneratedColumn> columns)
      : options_(options),
        columns_(
            std::make_shared<const std::vector<GeneratedColumn>>(std::move(columns))) {
    arrow::FieldVector fields;
    for (const GeneratedColumn& column : *columns_) {
      fields.push_back(arrow::field(column.name, column.type));
    }
    schema_ = arrow::schema(std::move(fields));
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return options_.rows; }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int column) const override {
    return columns_->at(column).stats;
  }
  std::string description() const override {
    return "generated " + options_.dataset + ", seed " + std::to_string(options_.seed);
  }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    for (const int column : options.columns) {
      WINDROW_CHECK(column >= 0 && column < schema_->num_fields());
    }
    return std::make_unique<GeneratedSource>(columns_, options_.rows, options, *context);
  }
  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    return std::make_shared<GeneratedRowStore>(columns_, schema_, options_.rows,
                                               context->pool);
  }

 private:
  const GenerateOptions options_;
  const Columns columns_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenGeneratedTable(const GenerateOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const Dataset* dataset, FindDataset(options.dataset));
  ARROW_RETURN_NOT_OK(CheckRanges(options));
  return std::make_shared<GeneratedTable>(options, dataset->columns(options));
}

}  // namespace windrow::source
