// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/row_buffer_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>
#include <vector>

#include "windrow/base/check.h"
#include "windrow/exec/pipeline.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class MorselReader : public exec::UnitReader {
 public:
  explicit MorselReader(std::vector<BatchPtr> morsels) : morsels_(std::move(morsels)) {}

  Result<BatchPtr> Next() override {
    return next_ < morsels_.size() ? std::move(morsels_[next_++]) : nullptr;
  }

 private:
  std::vector<BatchPtr> morsels_;
  size_t next_ = 0;
};

class RowBufferSource : public exec::Source {
 public:
  RowBufferSource(std::shared_ptr<const exec::RowBuffer> rows,
                  std::shared_ptr<arrow::Schema> schema, std::vector<int> columns,
                  const exec::RunContext& context)
      : rows_(std::move(rows)),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        context_(context) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (next_ == rows_->num_batches()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const BatchPtr batch, rows_->ReadBatch(next_++));
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const int column : columns_) arrays.push_back(batch->column(column));
    return std::make_unique<MorselReader>(exec::CutIntoMorsels(
        arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(arrays)),
        context_));
  }

  int64_t next_unit_bytes() const override {
    return next_ < rows_->num_batches() ? rows_->batch_bytes(next_) : 0;
  }
  int64_t bytes_read() const override { return 0; }

 private:
  std::shared_ptr<const exec::RowBuffer> rows_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> columns_;
  const exec::RunContext& context_;
  int64_t next_ = 0;
};

}  // namespace

Result<std::unique_ptr<exec::Source>> RowBufferTable::Scan(
    const exec::ScanOptions& options, exec::RunContext* context) const {
  WINDROW_CHECK(rows_ != nullptr && !options.row_numbers);
  arrow::FieldVector fields;
  for (const int column : options.columns) fields.push_back(schema_->field(column));
  return std::make_unique<RowBufferSource>(rows_, arrow::schema(std::move(fields)),
                                           options.columns, *context);
}

}  // namespace windrow::source
