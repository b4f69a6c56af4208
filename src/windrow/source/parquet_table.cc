// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_table.h"

#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <parquet/metadata.h>

#include <set>

#include "windrow/base/check.h"
#include "windrow/source/parquet_file.h"
#include "windrow/source/parquet_pruning.h"
#include "windrow/source/parquet_row_store.h"
#include "windrow/source/parquet_scan.h"

namespace windrow::source {
namespace {

std::string CodecsOf(const ParquetFile& file) {
  std::set<std::string> names;
  const Status status = CatchParquet([&] {
    if (file.num_row_groups() == 0) return Status::OK();
    const auto group = file.metadata->RowGroup(0);
    for (int i = 0; i < group->num_columns(); ++i) {
      names.insert(
          arrow::util::Codec::GetCodecAsString(group->ColumnChunk(i)->compression()));
    }
    return Status::OK();
  });
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : "+") + name;
  return status.ok() ? text : "";
}

class ParquetTable : public exec::Table {
 public:
  explicit ParquetTable(std::shared_ptr<const ParquetFile> file)
      : file_(std::move(file)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return file_->schema; }
  std::optional<int64_t> num_rows() const override { return file_->row_offsets.back(); }
  std::optional<int64_t> stored_bytes() const override { return file_->size; }
  std::vector<int64_t> chunk_offsets() const override { return file_->row_offsets; }

  exec::ColumnStats column_stats(int column) const override {
    WINDROW_CHECK(column >= 0 && column < file_->schema->num_fields());
    return StatsOf(*file_, column);
  }

  std::string description() const override {
    const int groups = file_->num_row_groups();
    const std::string codecs = CodecsOf(*file_);
    return internal::Words("parquet, ", groups,
                           groups == 1 ? " row group" : " row groups",
                           codecs.empty() ? "" : ", ", codecs);
  }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    return MakeParquetScan(file_, options, context);
  }

  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    return MakeParquetRowStore(file_, context);
  }

 private:
  std::shared_ptr<const ParquetFile> file_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenParquetTable(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, OpenParquetFile(path));
  return MakeParquetTable(std::move(file));
}

std::shared_ptr<exec::Table> MakeParquetTable(std::shared_ptr<const ParquetFile> file) {
  return std::make_shared<ParquetTable>(std::move(file));
}

}  // namespace windrow::source
