// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/array_record_table.h"

#include <arrow/type.h>

#include <array>
#include <fstream>

#include "windrow/base/check.h"
#include "windrow/format/array_record_message.h"
#include "windrow/source/array_record_file.h"
#include "windrow/source/array_record_rows.h"
#include "windrow/source/array_record_scan.h"

namespace windrow::source {
namespace {

class ArrayRecordTable : public exec::Table {
 public:
  explicit ArrayRecordTable(std::shared_ptr<const ArrayRecordFile> file)
      : file_(std::move(file)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return file_->schema; }
  std::optional<int64_t> num_rows() const override { return file_->index.num_records; }
  std::optional<int64_t> stored_bytes() const override { return file_->index.file_size; }

  exec::ColumnStats column_stats(int column) const override {
    WINDROW_CHECK(column == 0);
    exec::ColumnStats stats;
    stats.null_count = 0;
    return stats;
  }

  std::string description() const override {
    const format::ArrayRecordIndex& index = file_->index;
    return internal::Words("arrayrecord, ", index.num_chunks(),
                           index.num_chunks() == 1 ? " chunk" : " chunks", " of ",
                           index.group_size,
                           index.group_size == 1 ? " record, " : " records, ",
                           format::ChunkCodecName(index.footer_codec));
  }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    return MakeArrayRecordScan(file_, options, context);
  }

  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    return MakeArrayRecordRows(file_, context);
  }

 private:
  std::shared_ptr<const ArrayRecordFile> file_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenArrayRecordTable(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, OpenArrayRecordFile(path));
  return std::make_shared<ArrayRecordTable>(std::move(file));
}

bool IsArrayRecordFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<uint8_t, 128> bytes = {};
  const auto read = [&] {
    file.read(reinterpret_cast<char*>(bytes.data()), bytes.size());
    return file.gcount() == static_cast<std::streamsize>(bytes.size());
  };
  if (!read()) return false;
  if (format::HasSignature(bytes)) return true;
  file.seekg(-format::kBlockSize, std::ios::end);
  return read() && format::HasPostscriptMagic(bytes);
}

}  // namespace windrow::source
