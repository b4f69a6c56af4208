// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/array_record_rows.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/util/checked_cast.h>

#include <atomic>

#include "windrow/base/check.h"

namespace windrow::source {
namespace {

using arrow::internal::checked_cast;

class ArrayRecordRows : public exec::RowStore {
 public:
  ArrayRecordRows(std::shared_ptr<const ArrayRecordFile> file, arrow::MemoryPool* pool)
      : file_(std::move(file)), pool_(pool) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return file_->schema; }
  const std::vector<int64_t>& chunk_offsets() const override {
    return file_->row_offsets;
  }
  bool IsResident(int) const override { return false; }
  int64_t bytes_read() const override { return bytes_read_; }

  Result<std::shared_ptr<arrow::Array>> LoadColumn(int range, int column) const override {
    CheckPlace(range, column);
    return Load(file_->range_chunks[range], file_->range_chunks[range + 1]);
  }

  Result<std::shared_ptr<arrow::Array>> LoadRows(int range, int column,
                                                 std::span<const uint32_t> rows,
                                                 arrow::MemoryPool* pool) const override {
    CheckPlace(range, column);
    const int64_t first_row = file_->row_offsets[range];
    const int64_t group_size = file_->index.group_size;
    const auto chunk_of = [&](uint32_t row) { return (first_row + row) / group_size; };
    arrow::BinaryBuilder wanted(pool);
    ARROW_RETURN_NOT_OK(wanted.Reserve(static_cast<int64_t>(rows.size())));
    for (size_t i = 0; i < rows.size();) {
      const int64_t first = chunk_of(rows[i]);
      // Neighbours are read at once.
      int64_t last = first + 1;
      size_t end = i + 1;
      for (; end < rows.size() && chunk_of(rows[end]) <= last; ++end) {
        last = chunk_of(rows[end]) + 1;
      }
      ARROW_ASSIGN_OR_RAISE(const auto loaded, Load(first, last));
      const auto& records = checked_cast<const arrow::BinaryArray&>(*loaded);
      for (; i < end; ++i) {
        ARROW_RETURN_NOT_OK(
            wanted.Append(records.GetView(first_row + rows[i] - first * group_size)));
      }
    }
    return wanted.Finish();
  }

 private:
  void CheckPlace(int range, int column) const {
    WINDROW_CHECK(range >= 0 && range < file_->num_ranges());
    WINDROW_CHECK(column == 0);
  }

  Result<std::shared_ptr<arrow::Array>> Load(int64_t first, int64_t last) const {
    ARROW_ASSIGN_OR_RAISE(const auto stretch, file_->ReadChunks(first, last, pool_));
    bytes_read_ += stretch.bytes->size();
    return file_->DecodeChunks(stretch, first, last, pool_);
  }

  std::shared_ptr<const ArrayRecordFile> file_;
  arrow::MemoryPool* pool_;
  mutable std::atomic<int64_t> bytes_read_ = 0;
};

}  // namespace

std::shared_ptr<exec::RowStore> MakeArrayRecordRows(
    std::shared_ptr<const ArrayRecordFile> file, exec::RunContext* context) {
  return std::make_shared<ArrayRecordRows>(std::move(file), context->pool);
}

}  // namespace windrow::source
