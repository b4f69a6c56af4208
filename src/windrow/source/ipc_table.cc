// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_table.h"

#include <utility>

#include "windrow/source/ipc_file.h"
#include "windrow/source/ipc_rows.h"
#include "windrow/source/ipc_scan.h"
#include "windrow/source/ipc_stored.h"

namespace windrow::source {
namespace {

class IpcTable : public exec::Table {
 public:
  explicit IpcTable(std::shared_ptr<const IpcFile> file) : file_(std::move(file)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return file_->schema();
  }
  std::optional<int64_t> num_rows() const override {
    return file_->batch_offsets().back();
  }
  std::optional<int64_t> stored_bytes() const override { return file_->mapped().size(); }
  std::vector<int64_t> chunk_offsets() const override { return file_->batch_offsets(); }

  exec::ColumnStats column_stats(int column) const override {
    exec::ColumnStats stats;
    // The nulls of a run-end-encoded column or a union are in its children.
    const auto stored = file_->stored_schema()->field(column)->type()->id();
    if (stored == arrow::Type::RUN_END_ENCODED || stored == arrow::Type::SPARSE_UNION ||
        stored == arrow::Type::DENSE_UNION) {
      return stats;
    }
    int64_t nulls = 0;
    for (int batch = 0; batch < file_->num_batches(); ++batch) {
      const auto node = file_->Node(batch, column);
      if (!node.ok() || node->length != file_->batch(batch).rows) return stats;
      nulls += stored == arrow::Type::NA ? node->length : node->null_count;
    }
    stats.null_count = nulls;
    return stats;
  }

  std::string description() const override {
    const int batches = file_->num_batches();
    return internal::Words(file_->layout().is_stream() ? "ipc stream, " : "ipc file, ",
                           batches, batches == 1 ? " batch, " : " batches, ", Codecs());
  }

  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    return ScanIpcFile(file_, options, context);
  }

  std::shared_ptr<const exec::StoredBatches> stored_batches(
      const std::vector<int>& columns) const override {
    return StoredIpcBatches(file_, columns);
  }

  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    return MakeIpcRows(file_, context);
  }

 private:
  std::string Codecs() const {
    const auto& batches = file_->layout().batches();
    if (batches.empty()) return format::IpcCodecName(format::IpcCodec::kNone);
    for (const format::IpcBatch& batch : batches) {
      if (batch.codec != batches[0].codec) return "mixed compression";
    }
    return format::IpcCodecName(batches[0].codec);
  }

  std::shared_ptr<const IpcFile> file_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> OpenIpcTable(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, IpcFile::Open(path));
  return std::make_shared<IpcTable>(std::move(file));
}

Result<std::shared_ptr<exec::Table>> OpenIpcTable(const std::string& path,
                                                  std::shared_ptr<MappedFile> mapped) {
  ARROW_ASSIGN_OR_RAISE(auto file, IpcFile::Open(path, std::move(mapped)));
  return std::make_shared<IpcTable>(std::move(file));
}

}  // namespace windrow::source
