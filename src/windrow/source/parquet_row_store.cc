// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_row_store.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include "windrow/base/check.h"
#include "windrow/source/expected_file.h"
#include "windrow/source/parquet_bytes.h"
#include "windrow/source/parquet_codes.h"
#include "windrow/source/parquet_pruning.h"
#include "windrow/source/parquet_selection.h"
#include "windrow/source/remote_source.h"

namespace windrow::source {
namespace {

bool IsBinaryLike(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id());
}

/// What fetches ahead of an object in a store, null for a local file.
std::shared_ptr<ExpectedFile> ExpectedFileOf(const ParquetFile& file,
                                             const exec::RunContext& context) {
  if (file.remote == nullptr) return nullptr;
  return std::make_shared<ExpectedFile>(file.remote, context.budget, context.stop);
}

class ParquetRowStore : public exec::RowStore, public RemoteRows {
 public:
  ParquetRowStore(std::shared_ptr<const ParquetFile> file, exec::RunContext* context)
      : file_(std::move(file)),
        pool_(context->pool),
        expected_(ExpectedFileOf(*file_, *context)),
        bytes_(expected_ == nullptr ? std::make_shared<CountingFile>(file_->bytes, pool_)
                                    : std::make_shared<CountingFile>(expected_, pool_)) {}

  Status Open();

  const std::shared_ptr<arrow::Schema>& schema() const override { return file_->schema; }
  const std::vector<int64_t>& chunk_offsets() const override {
    return file_->row_offsets;
  }
  bool IsResident(int) const override { return false; }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override;
  Result<std::shared_ptr<arrow::Array>> LoadRows(int chunk, int column,
                                                 std::span<const uint32_t> rows,
                                                 arrow::MemoryPool* pool) const override;
  int64_t bytes_read() const override { return bytes_->bytes_read(); }

  Result<BegunUnit> BeginPiece(int chunk, int column) const override {
    if (expected_ == nullptr) return BegunUnit{};
    ARROW_ASSIGN_OR_RAISE(auto ranges, ColumnRanges(*file_, chunk, column));
    return expected_->Begin(std::move(ranges));
  }
  void ReleasePiece(int chunk, int column) const override {
    if (expected_ == nullptr) return;
    const auto ranges = ColumnRanges(*file_, chunk, column);
    if (ranges.ok()) expected_->Release(*ranges);
  }

 private:
  using FileReader = parquet::arrow::FileReader;
  Result<std::unique_ptr<FileReader>> OpenReader(bool read_dictionaries) const;
  CodeStorage CodesOf(int chunk, int column) const;
  Result<std::shared_ptr<arrow::Array>> Decode(int chunk, int column) const;
  Result<std::shared_ptr<arrow::Array>> Select(int chunk, int column,
                                               std::span<const uint32_t> rows,
                                               arrow::MemoryPool* pool) const;

  std::shared_ptr<const ParquetFile> file_;
  arrow::MemoryPool* pool_;
  std::shared_ptr<ExpectedFile> expected_;  ///< null for local files
  std::shared_ptr<CountingFile> bytes_;
  // Shared by all calls: a reader keeps no state between two reads that do not buffer
  // ahead.
  std::unique_ptr<FileReader> plain_reader_;
  std::unique_ptr<FileReader> dictionary_reader_;
};

Status ParquetRowStore::Open() {
  const Status status = CatchParquet([&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(plain_reader_, OpenReader(/*read_dictionaries=*/false));
    ARROW_ASSIGN_OR_RAISE(dictionary_reader_, OpenReader(/*read_dictionaries=*/true));
    return Status::OK();
  });
  return AtInput(file_->path, status);
}

Result<std::unique_ptr<parquet::arrow::FileReader>> ParquetRowStore::OpenReader(
    bool read_dictionaries) const {
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_pre_buffer(false);
  for (int column = 0; read_dictionaries && column < schema()->num_fields(); ++column) {
    const int leaf = file_->FlatLeaf(column);
    if (leaf >= 0 && IsBinaryLike(*schema()->field(column)->type())) {
      properties.set_read_dictionary(leaf, true);
    }
  }
  return FileReader::Make(pool_,
                          parquet::ParquetFileReader::Open(
                              bytes_, ReaderPropertiesOf(pool_), file_->metadata),
                          properties);
}

CodeStorage ParquetRowStore::CodesOf(int chunk, int column) const {
  const int leaf = file_->FlatLeaf(column);
  if (leaf < 0 || !IsBinaryLike(*schema()->field(column)->type())) {
    return CodeStorage::kNone;
  }
  const auto group = file_->metadata->RowGroup(chunk);
  return CodeStorageOf(*group->ColumnChunk(leaf));
}

Result<std::shared_ptr<arrow::Array>> ParquetRowStore::Decode(int chunk,
                                                              int column) const {
  const int64_t num_rows = file_->num_rows(chunk);
  const auto& type = schema()->field(column)->type();
  if (BoundsOf(*file_, chunk, column).null_count == num_rows) {
    return arrow::MakeArrayOfNull(type, num_rows, pool_);
  }
  const CodeStorage codes = CodesOf(chunk, column);
  if (codes == CodeStorage::kPages) {
    const auto row_group = plain_reader_->parquet_reader()->RowGroup(chunk);
    return DecodeCodes(*row_group, file_->FlatLeaf(column), num_rows, CodesTypeOf(type),
                       pool_);
  }
  const auto& reader = codes == CodeStorage::kLikely ? dictionary_reader_ : plain_reader_;
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadRowGroup(chunk, file_->leaves[column]));
  if (table->num_columns() != 1 || table->num_rows() != num_rows) {
    return DataError(table->num_rows(), " rows, expected ", num_rows);
  }
  ARROW_ASSIGN_OR_RAISE(auto decoded, ToEngineType(table->column(0), type, pool_));
  if (decoded->num_chunks() == 1) return decoded->chunk(0);
  if (decoded->num_chunks() == 0) return arrow::MakeEmptyArray(decoded->type(), pool_);
  return arrow::Concatenate(decoded->chunks(), pool_);
}

Result<std::shared_ptr<arrow::Array>> ParquetRowStore::LoadColumn(int chunk,
                                                                  int column) const {
  WINDROW_CHECK(chunk >= 0 && chunk < file_->num_row_groups());
  WINDROW_CHECK(column >= 0 && column < schema()->num_fields());
  std::shared_ptr<arrow::Array> loaded;
  const Status status =
      CatchParquet([&] { return Decode(chunk, column).Value(&loaded); });
  if (!status.ok()) return AtInput(file_->PlaceOf(chunk, column), status);
  return loaded;
}

/// Null when the column chunk is stored in a way that has to be decoded as a whole.
Result<std::shared_ptr<arrow::Array>> ParquetRowStore::Select(
    int chunk, int column, std::span<const uint32_t> rows,
    arrow::MemoryPool* pool) const {
  const auto& type = schema()->field(column)->type();
  if (rows.empty()) return arrow::MakeEmptyArray(type, pool);
  const int leaf = file_->FlatLeaf(column);
  if (leaf < 0) return nullptr;
  const auto row_group = plain_reader_->parquet_reader()->RowGroup(chunk);
  const auto stored = row_group->metadata()->ColumnChunk(leaf);
  if (!CanSelect(*file_->metadata->schema()->Column(leaf), *stored, *type)) {
    return nullptr;
  }
  if (BoundsOf(*file_, chunk, column).null_count == file_->num_rows(chunk)) {
    return arrow::MakeArrayOfNull(type, static_cast<int64_t>(rows.size()), pool);
  }
  return SelectRows(*row_group, leaf, type, rows, pool);
}

Result<std::shared_ptr<arrow::Array>> ParquetRowStore::LoadRows(
    int chunk, int column, std::span<const uint32_t> rows,
    arrow::MemoryPool* pool) const {
  WINDROW_CHECK(chunk >= 0 && chunk < file_->num_row_groups());
  WINDROW_CHECK(column >= 0 && column < schema()->num_fields());
  WINDROW_CHECK(rows.empty() || rows.back() < file_->num_rows(chunk));
  std::shared_ptr<arrow::Array> selected;
  const Status status =
      CatchParquet([&] { return Select(chunk, column, rows, pool).Value(&selected); });
  if (!status.ok()) return AtInput(file_->PlaceOf(chunk, column), status);
  if (selected != nullptr) return selected;
  return RowStore::LoadRows(chunk, column, rows, pool);
}

}  // namespace

Result<std::shared_ptr<exec::RowStore>> MakeParquetRowStore(
    std::shared_ptr<const ParquetFile> file, exec::RunContext* context) {
  auto store = std::make_shared<ParquetRowStore>(std::move(file), context);
  ARROW_RETURN_NOT_OK(store->Open());
  return store;
}

}  // namespace windrow::source
