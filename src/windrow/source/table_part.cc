// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/table_part.h"

#include <utility>
#include <vector>

#include "windrow/base/check.h"

namespace windrow::source {
namespace {

/// The offsets of `chunks` among `whole`, counted from the first of them.
std::vector<int64_t> OffsetsOf(const std::vector<int64_t>& whole,
                               exec::ChunkRange chunks) {
  std::vector<int64_t> offsets(whole.begin() + chunks.begin,
                               whole.begin() + chunks.end + 1);
  const int64_t first = offsets[0];
  for (int64_t& offset : offsets) offset -= first;
  return offsets;
}

class PartRows : public exec::RowStore {
 public:
  PartRows(std::shared_ptr<exec::RowStore> whole, exec::ChunkRange chunks)
      : whole_(std::move(whole)),
        first_chunk_(static_cast<int>(chunks.begin)),
        chunk_offsets_(OffsetsOf(whole_->chunk_offsets(), chunks)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return whole_->schema();
  }
  const std::vector<int64_t>& chunk_offsets() const override { return chunk_offsets_; }
  bool IsResident(int column) const override { return whole_->IsResident(column); }
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override {
    return whole_->LoadColumn(first_chunk_ + chunk, column);
  }
  Result<std::shared_ptr<arrow::Array>> LoadRows(int chunk, int column,
                                                 std::span<const uint32_t> rows,
                                                 arrow::MemoryPool* pool) const override {
    return whole_->LoadRows(first_chunk_ + chunk, column, rows, pool);
  }
  int64_t bytes_read() const override { return whole_->bytes_read(); }

 private:
  std::shared_ptr<exec::RowStore> whole_;
  int first_chunk_;
  std::vector<int64_t> chunk_offsets_;
};

class TablePart : public exec::Table {
 public:
  TablePart(std::shared_ptr<exec::Table> table, exec::ChunkRange chunks)
      : table_(std::move(table)), chunks_(chunks) {}

  const std::shared_ptr<arrow::Schema>& schema() const override {
    return table_->schema();
  }
  std::optional<int64_t> num_rows() const override { return chunk_offsets().back(); }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int column) const override {
    return table_->column_stats(column);
  }
  std::vector<int64_t> chunk_offsets() const override {
    return OffsetsOf(table_->chunk_offsets(), chunks_);
  }
  std::string description() const override { return table_->description(); }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    exec::ScanOptions whole = options;
    const exec::ChunkRange asked =
        options.chunks.value_or(exec::ChunkRange{0, chunks_.end - chunks_.begin});
    whole.chunks = {chunks_.begin + asked.begin, chunks_.begin + asked.end};
    return table_->Scan(whole, context);
  }
  bool is_repeatable() const override { return table_->is_repeatable(); }
  Result<std::shared_ptr<exec::RowStore>> row_store(
      exec::RunContext* context) const override {
    ARROW_ASSIGN_OR_RAISE(auto whole, table_->row_store(context));
    return std::make_shared<PartRows>(std::move(whole), chunks_);
  }

 private:
  std::shared_ptr<exec::Table> table_;
  exec::ChunkRange chunks_;
};

}  // namespace

std::shared_ptr<exec::Table> MakeTablePart(std::shared_ptr<exec::Table> table,
                                           exec::ChunkRange chunks) {
  const auto num_chunks = static_cast<int64_t>(table->chunk_offsets().size()) - 1;
  WINDROW_CHECK(chunks.begin >= 0 && chunks.begin <= chunks.end &&
                chunks.end <= num_chunks);
  return std::make_shared<TablePart>(std::move(table), chunks);
}

}  // namespace windrow::source
