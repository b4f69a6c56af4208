// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/record_reader.h"

#include <arrow/array/array_binary.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <utility>

#include "windrow/base/near_name.h"
#include "windrow/fs/object_listing.h"

namespace windrow::source {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// All rows of one stream as one batch.
Result<BatchPtr> ReadStream(const std::shared_ptr<arrow::Buffer>& bytes,
                            arrow::MemoryPool* pool) {
  arrow::ipc::IpcReadOptions options;
  options.memory_pool = pool;
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        arrow::ipc::RecordBatchStreamReader::Open(
                            std::make_shared<arrow::io::BufferReader>(bytes), options));
  ARROW_ASSIGN_OR_RAISE(const auto batches, reader->ToRecordBatches());
  for (const BatchPtr& batch : batches) ARROW_RETURN_NOT_OK(batch->ValidateFull());
  if (batches.size() == 1) return batches[0];
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        arrow::Table::FromRecordBatches(reader->schema(), batches));
  return table->CombineChunksToBatch(pool);
}

Result<std::shared_ptr<arrow::Buffer>> StreamIn(const arrow::RecordBatch& rows,
                                                const std::string& column) {
  const auto found = rows.GetColumnByName(column);
  if (found == nullptr) {
    return DataError("found no column '", column, "'",
                     DidYouMean(column, rows.schema()->field_names()));
  }
  if (found->type_id() != arrow::Type::BINARY || rows.num_rows() != 1 ||
      found->null_count() > 0) {
    return DataError("column '", column, "': found ", rows.num_rows(), " rows of ",
                     found->type()->ToString(), "; expected one Arrow IPC stream");
  }
  const auto& values = arrow::internal::checked_cast<const arrow::BinaryArray&>(*found);
  return arrow::SliceBuffer(values.value_data(), values.value_offset(0),
                            values.value_length(0));
}

}  // namespace

Result<std::unique_ptr<RecordReader>> RecordReader::Open(
    const std::vector<std::string>& patterns) {
  ARROW_ASSIGN_OR_RAISE(const auto listed, fs::ListFiles(patterns, {}));
  auto reader = std::make_unique<RecordReader>();
  for (const auto& files : listed) {
    for (const fs::FileEntry& file : files) {
      ARROW_ASSIGN_OR_RAISE(auto opened, OpenArrayRecordFile(file.path));
      reader->offsets_.push_back(reader->offsets_.back() + opened->index.num_records);
      reader->files_.push_back(std::move(opened));
    }
  }
  return reader;
}

size_t RecordReader::FileOf(int64_t number) const {
  const auto next = std::upper_bound(offsets_.begin(), offsets_.end(), number);
  return static_cast<size_t>(next - offsets_.begin()) - 1;
}

const std::string& RecordReader::PathOf(int64_t number) const {
  return files_[FileOf(number)]->path;
}

Result<std::shared_ptr<arrow::Buffer>> RecordReader::Read(int64_t number,
                                                          arrow::MemoryPool* pool) const {
  if (number < 0 || number >= num_records()) {
    return UserError("record ", number, ": expected 0 to ", num_records() - 1);
  }
  const size_t file = FileOf(number);
  const ArrayRecordFile& opened = *files_[file];
  const int64_t place = number - offsets_[file];
  const int64_t chunk = place / opened.index.group_size;
  ARROW_ASSIGN_OR_RAISE(const auto stretch, opened.ReadChunks(chunk, chunk + 1, pool));
  ARROW_ASSIGN_OR_RAISE(const auto decoded,
                        opened.DecodeChunks(stretch, chunk, chunk + 1, pool));
  const auto& records =
      arrow::internal::checked_cast<const arrow::BinaryArray&>(*decoded);
  const int64_t row = place - opened.index.first_record(chunk);
  return arrow::SliceBuffer(records.value_data(), records.value_offset(row),
                            records.value_length(row));
}

Result<BatchPtr> ReadIpcRecord(const std::shared_ptr<arrow::Buffer>& record,
                               const std::string& column, arrow::MemoryPool* pool) {
  auto rows = ReadStream(record, pool);
  if (rows.ok() && !column.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto inner, StreamIn(**rows, column));
    rows = ReadStream(inner, pool);
  }
  if (!rows.ok()) return AtInput("the record's Arrow IPC stream", rows.status());
  return rows;
}

}  // namespace windrow::source
