// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/util.h>
#include <arrow/type.h>

#include <utility>

#include "windrow/exec/run_context.h"
#include "windrow/source/declared_schema.h"

namespace windrow::source {
namespace {

class EmptyScan : public exec::Source {
 public:
  explicit EmptyScan(std::shared_ptr<arrow::Schema> schema)
      : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::unique_ptr<exec::UnitReader>> NextUnit(const arrow::StopToken&) override {
    return nullptr;
  }
  int64_t bytes_read() const override { return 0; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
};

class EmptyRows : public exec::RowStore {
 public:
  explicit EmptyRows(std::shared_ptr<arrow::Schema> schema)
      : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return offsets_; }
  bool IsResident(int) const override { return true; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int, int column) const override {
    return arrow::MakeEmptyArray(schema_->field(column)->type());
  }
  int64_t bytes_read() const override { return 0; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int64_t> offsets_ = {0};
};

class EmptyTable : public exec::Table {
 public:
  explicit EmptyTable(std::shared_ptr<arrow::Schema> schema)
      : schema_(std::move(schema)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return 0; }
  std::optional<int64_t> stored_bytes() const override { return 0; }
  exec::ColumnStats column_stats(int) const override { return {.null_count = 0}; }
  std::string description() const override { return "no files"; }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext*) const override {
    arrow::FieldVector fields;
    for (const int column : options.columns) fields.push_back(schema_->field(column));
    if (options.row_numbers) {
      fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
    }
    return std::make_unique<EmptyScan>(arrow::schema(std::move(fields)));
  }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return std::make_shared<EmptyRows>(schema_);
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::shared_ptr<exec::Table> MakeEmptyTable(std::shared_ptr<arrow::Schema> schema) {
  return std::make_shared<EmptyTable>(std::move(schema));
}

}  // namespace windrow::source
