// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_rows.h"

#include <arrow/array/array_base.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "windrow/base/check.h"
#include "windrow/exec/run_context.h"
#include "windrow/source/ipc_column.h"
#include "windrow/source/ipc_decoder.h"

namespace windrow::source {
namespace {

class IpcRows : public exec::RowStore {
 public:
  IpcRows(std::shared_ptr<const IpcFile> file, arrow::MemoryPool* pool)
      : file_(std::move(file)), pool_(pool), columns_(file_->num_columns()) {
    for (int batch = 0; batch < file_->num_batches(); ++batch) {
      if (file_->batch(batch).rows == 0) continue;
      batches_.push_back(batch);
      chunk_offsets_.push_back(file_->batch_offsets()[batch + 1]);
    }
  }

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return file_->schema();
  }
  const std::vector<int64_t>& chunk_offsets() const override { return chunk_offsets_; }
  bool IsResident(int column) const override { return file_->IsResident(column); }
  int64_t bytes_read() const override { return bytes_read_.load(); }

  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override {
    WINDROW_CHECK(chunk >= 0 && chunk < static_cast<int>(batches_.size()));
    if (!file_->IsResident(column)) return Load(batches_[chunk], column);
    Column& state = columns_[column];
    {
      std::lock_guard lock(state.mutex);
      if (state.kept.empty()) state.kept.resize(batches_.size());
      if (state.kept[chunk] != nullptr) return state.kept[chunk];
    }
    ARROW_ASSIGN_OR_RAISE(auto array, Load(batches_[chunk], column));
    std::lock_guard lock(state.mutex);
    state.kept[chunk] = array;
    return array;
  }

 private:
  struct Column {
    std::mutex mutex;
    arrow::ArrayVector kept;              ///< by chunk; null where not yet made
    std::unique_ptr<IpcDecoder> decoder;  ///< made on first use
  };

  Result<std::shared_ptr<arrow::Array>> Load(int batch, int column) const {
    bytes_read_ += file_->StoredBytes(batch, column);
    if (file_->IsPlain(column)) {
      const auto check =
          file_->IsResident(column) ? OffsetCheck::kEnds : OffsetCheck::kAll;
      return LoadPlainIpcColumn(*file_, batch, column, 0, file_->batch(batch).rows, check,
                                pool_);
    }
    Column& state = columns_[column];
    {
      std::lock_guard lock(state.mutex);
      if (state.decoder == nullptr) {
        state.decoder =
            std::make_unique<IpcDecoder>(file_, std::vector<int>{column}, pool_);
      }
    }
    ARROW_ASSIGN_OR_RAISE(arrow::ArrayVector arrays, state.decoder->Load(batch));
    return arrays[0];
  }

  std::shared_ptr<const IpcFile> file_;
  arrow::MemoryPool* pool_;
  std::vector<int> batches_;  ///< of each chunk
  std::vector<int64_t> chunk_offsets_{0};
  mutable std::vector<Column> columns_;
  mutable std::atomic<int64_t> bytes_read_{0};
};

}  // namespace

std::shared_ptr<exec::RowStore> MakeIpcRows(std::shared_ptr<const IpcFile> file,
                                            exec::RunContext* context) {
  return std::make_shared<IpcRows>(std::move(file), context->pool);
}

}  // namespace windrow::source
