// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/parquet_scan.h"

#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <numeric>

#include "windrow/base/check.h"
#include "windrow/exec/task_slots.h"
#include "windrow/source/parquet_bytes.h"
#include "windrow/source/parquet_codes.h"
#include "windrow/source/parquet_pruning.h"
#include "windrow/source/parquet_texts.h"
#include "windrow/source/range_fetch.h"
#include "windrow/source/remote_source.h"

namespace windrow::source {
namespace {

/// What all units of one scan share.
struct ScanPlan {
  std::shared_ptr<const ParquetFile> file;
  std::vector<int> columns;
  /// By position in `columns`: how codes of the column come, null where none are asked.
  std::vector<std::shared_ptr<arrow::DataType>> codes_types;
  exec::ChunkRange row_groups;   ///< to read
  std::vector<bool> are_hashed;  ///< by position: codes of values are wanted, too
  bool row_numbers;
  bool parallel_columns;  ///< too few row groups to keep every slot busy
  exec::RunContext* context;
  std::shared_ptr<arrow::Schema> schema;
};

/// Decoded bytes of a row, guessed from the footer; short of what dictionaries save.
int64_t GuessRowBytes(const ScanPlan& plan, int row_group) {
  constexpr int64_t kLeastValueBytes = 8;
  const auto group = plan.file->metadata->RowGroup(row_group);
  const int64_t rows = std::max<int64_t>(1, plan.file->num_rows(row_group));
  int64_t bytes = 0;
  for (const int column : plan.columns) {
    for (const int leaf : plan.file->leaves[column]) {
      const int64_t stored = group->ColumnChunk(leaf)->total_uncompressed_size();
      bytes += std::max(kLeastValueBytes, stored / rows);
    }
  }
  return bytes;
}

/// How a column of the row group is read: by one of them, none before its first rows.
struct StoredColumn {
  bool is_open() const {
    return values != nullptr || codes != nullptr || texts != nullptr;
  }
  std::unique_ptr<parquet::arrow::ColumnReader> values;
  std::unique_ptr<CodeReader> codes;
  std::unique_ptr<TextReader> texts;
};

/// Bytes of the rows themselves: the dictionary of codes does not grow with them.
int64_t RowBytes(const arrow::Table& decoded, const std::vector<StoredColumn>& columns) {
  int64_t bytes = 0;
  for (int i = 0; i < decoded.num_columns(); ++i) {
    bytes += columns[i].codes != nullptr
                 ? decoded.num_rows() * sizeof(int32_t)
                 : arrow::util::TotalBufferSize(*decoded.column(i));
  }
  return bytes;
}

class RowGroupReader : public exec::UnitReader {
 public:
  /// `bytes` is null when no column is read.
  RowGroupReader(std::shared_ptr<const ScanPlan> plan, int row_group,
                 std::shared_ptr<FetchedRanges> bytes)
      : plan_(std::move(plan)), row_group_(row_group), bytes_(std::move(bytes)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override;
  std::string place() const override {
    return plan_->file->path + ": row group " + std::to_string(row_group_);
  }

 private:
  Status Open();
  Status OpenColumn(int64_t index);
  int64_t NextRows() const;
  Status DecodeColumn(int64_t index, int64_t rows,
                      std::shared_ptr<arrow::ChunkedArray>* decoded);
  Status Decode(int64_t rows);
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(
      std::shared_ptr<arrow::RecordBatch> batch);
  void Close();

  const ScanPlan& plan() const { return *plan_; }

  std::shared_ptr<const ScanPlan> plan_;
  int row_group_;
  std::shared_ptr<FetchedRanges> bytes_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::vector<StoredColumn> columns_;
  std::shared_ptr<arrow::Table> decoded_;  ///< what pieces_ reads from
  std::unique_ptr<arrow::TableBatchReader> pieces_;
  int64_t rows_decoded_ = 0;
  int64_t rows_delivered_ = 0;
  int64_t row_bytes_ = 0;  ///< estimate, corrected by each batch
};

Status RowGroupReader::Open() {
  row_bytes_ = GuessRowBytes(plan(), row_group_);
  parquet::ArrowReaderProperties properties(/*use_threads=*/false);
  properties.set_pre_buffer(false);
  arrow::MemoryPool* pool = plan().context->pool;
  // A footer of this row group alone, because a column reader runs through all row
  // groups.
  auto footer = plan().file->metadata->Subset({row_group_});
  ARROW_ASSIGN_OR_RAISE(
      reader_, parquet::arrow::FileReader::Make(
                   pool,
                   parquet::ParquetFileReader::Open(bytes_, ReaderPropertiesOf(pool),
                                                    std::move(footer)),
                   properties));
  columns_.resize(plan().columns.size());
  return Status::OK();
}

Status RowGroupReader::OpenColumn(int64_t index) {
  const int column = plan().columns[index];
  const int leaf = plan().file->FlatLeaf(column);
  const auto& codes_type = plan().codes_types[index];
  if (codes_type != nullptr && leaf >= 0) {
    const auto row_group = reader_->parquet_reader()->RowGroup(0);
    if (CodeStorageOf(*row_group->metadata()->ColumnChunk(leaf)) == CodeStorage::kPages) {
      return CodeReader::Open(*row_group, leaf, codes_type, plan().context->pool)
          .Value(&columns_[index].codes);
    }
    const bool is_text =
        plan().file->schema->field(column)->type()->id() != arrow::Type::DICTIONARY;
    if (plan().are_hashed[index] && is_text) {
      return TextReader::Open(*row_group, leaf, codes_type, plan().context->pool)
          .Value(&columns_[index].texts);
    }
  }
  return reader_->GetColumn(column, &columns_[index].values);
}

int64_t RowGroupReader::NextRows() const {
  const exec::RunContext& context = *plan().context;
  int64_t rows = context.morsel_rows;
  if (row_bytes_ > 0) rows = std::min(rows, context.morsel_bytes / row_bytes_);
  rows = std::max<int64_t>(1, rows);
  return std::min(rows, plan().file->num_rows(row_group_) - rows_decoded_);
}

Status RowGroupReader::DecodeColumn(int64_t index, int64_t rows,
                                    std::shared_ptr<arrow::ChunkedArray>* decoded) {
  const ParquetFile& file = *plan().file;
  const int column = plan().columns[index];
  const Status status = CatchParquet([&]() -> Status {
    const StoredColumn& stored = columns_[index];
    if (!stored.is_open()) ARROW_RETURN_NOT_OK(OpenColumn(index));
    if (stored.texts != nullptr) return stored.texts->Next(rows).Value(decoded);
    if (stored.codes != nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto codes, stored.codes->Next(rows));
      *decoded = std::make_shared<arrow::ChunkedArray>(std::move(codes));
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(stored.values->NextBatch(rows, decoded));
    if ((*decoded)->length() != rows) {
      return DataError((*decoded)->length(), " rows after row ", rows_decoded_,
                       ", expected ", rows);
    }
    return ToEngineType(std::move(*decoded), file.schema->field(column)->type(),
                        plan().context->pool)
        .Value(decoded);
  });
  return AtInput(file.PlaceOf(row_group_, column), status);
}

Status RowGroupReader::Decode(int64_t rows) {
  const auto count = static_cast<int64_t>(columns_.size());
  arrow::ChunkedArrayVector decoded(count);
  const auto decode = [&](int64_t i) { return DecodeColumn(i, rows, &decoded[i]); };
  if (plan().parallel_columns && count > 1) {
    ARROW_RETURN_NOT_OK(plan().context->slots->ParallelFor(count, decode));
  } else {
    for (int64_t i = 0; i < count; ++i) ARROW_RETURN_NOT_OK(decode(i));
  }
  arrow::FieldVector fields = plan().schema->fields();
  fields.resize(count);
  decoded_ =
      arrow::Table::Make(arrow::schema(std::move(fields)), std::move(decoded), rows);
  pieces_ = std::make_unique<arrow::TableBatchReader>(*decoded_);
  rows_decoded_ += rows;
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowGroupReader::Finish(
    std::shared_ptr<arrow::RecordBatch> batch) {
  const int64_t rows = batch->num_rows();
  arrow::ArrayVector columns = batch->columns();
  if (plan().row_numbers) {
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> numbers,
        arrow::AllocateBuffer(rows * sizeof(int64_t), plan().context->pool));
    auto* first = reinterpret_cast<int64_t*>(numbers->mutable_data());
    std::iota(first, first + rows,
              plan().file->row_offsets[row_group_] -
                  plan().file->row_offsets[plan().row_groups.begin] + rows_delivered_);
    columns.push_back(std::make_shared<arrow::Int64Array>(rows, std::move(numbers)));
  }
  rows_delivered_ += rows;
  return exec::MakeScanBatch(plan().schema, rows, std::move(columns));
}

void RowGroupReader::Close() {
  pieces_.reset();
  decoded_.reset();
  columns_.clear();
  reader_.reset();
  bytes_.reset();
}

Result<std::shared_ptr<arrow::RecordBatch>> RowGroupReader::Next() {
  ARROW_RETURN_NOT_OK(plan().context->stop.Poll());
  const bool is_done = rows_delivered_ == plan().file->num_rows(row_group_);
  if (is_done) {
    Close();
    return nullptr;
  }
  if (plan().columns.empty()) {
    const int64_t rows = NextRows();
    rows_decoded_ += rows;
    return Finish(
        arrow::RecordBatch::Make(arrow::schema({}), rows, arrow::ArrayVector()));
  }
  if (reader_ == nullptr) {
    ARROW_RETURN_NOT_OK(AtInput(plan().file->path, CatchParquet([&] { return Open(); })));
  }
  if (rows_decoded_ == rows_delivered_) ARROW_RETURN_NOT_OK(Decode(NextRows()));
  std::shared_ptr<arrow::RecordBatch> piece;
  ARROW_RETURN_NOT_OK(pieces_->ReadNext(&piece));
  WINDROW_CHECK(piece != nullptr && piece->num_rows() > 0);
  row_bytes_ = RowBytes(*decoded_, columns_) / decoded_->num_rows();
  return Finish(std::move(piece));
}

class ParquetScan : public RemoteSource {
 public:
  ParquetScan(std::shared_ptr<const ScanPlan> plan, RowGroupPruner pruner)
      : plan_(std::move(plan)),
        pruner_(std::move(pruner)),
        next_(static_cast<int>(plan_->row_groups.begin)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }
  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override;
  int64_t bytes_read() const override { return bytes_read_; }
  int64_t next_unit_bytes() const override;
  Result<BegunUnit> BeginUnit() override { return Begin(/*is_needed=*/false); }

 private:
  /// A row group of an object whose bytes are on their way.
  struct Begun {
    int row_group;
    std::unique_ptr<RangeFetch> fetch;
  };

  /// True when `row_group` may have rows to deliver.
  bool Wants(int row_group) {
    return plan_->file->num_rows(row_group) > 0 && pruner_.MayMatch(row_group);
  }
  Result<std::vector<arrow::io::ReadRange>> RangesOf(int row_group);
  Result<std::shared_ptr<FetchedRanges>> Fetch(int row_group,
                                               const arrow::StopToken& stop);
  Result<BegunUnit> Begin(bool is_needed);
  Result<std::unique_ptr<exec::UnitReader>> NextBegunUnit(const arrow::StopToken& stop);

  std::shared_ptr<const ScanPlan> plan_;
  RowGroupPruner pruner_;
  int next_;
  std::deque<Begun> begun_;
  std::atomic<int64_t> bytes_read_ = 0;
};

/// What is fetched of the next row group, pruned or not.
int64_t ParquetScan::next_unit_bytes() const {
  const ParquetFile& file = *plan_->file;
  const int next = begun_.empty() ? next_ : begun_.front().row_group;
  if (next >= plan_->row_groups.end) return 0;
  const auto group = file.metadata->RowGroup(next);
  int64_t bytes = 0;
  for (const int column : plan_->columns) {
    for (const int leaf : file.leaves[column]) {
      bytes += group->ColumnChunk(leaf)->total_compressed_size();
    }
  }
  return bytes;
}

int64_t TotalLength(const std::vector<arrow::io::ReadRange>& ranges) {
  int64_t bytes = 0;
  for (const auto& range : ranges) bytes += range.length;
  return bytes;
}

Result<std::vector<arrow::io::ReadRange>> ParquetScan::RangesOf(int row_group) {
  std::vector<arrow::io::ReadRange> ranges;
  for (const int column : plan_->columns) {
    ARROW_ASSIGN_OR_RAISE(auto share, ColumnRanges(*plan_->file, row_group, column));
    ranges.insert(ranges.end(), share.begin(), share.end());
  }
  return ranges;
}

Result<std::shared_ptr<FetchedRanges>> ParquetScan::Fetch(int row_group,
                                                          const arrow::StopToken& stop) {
  const ParquetFile& file = *plan_->file;
  ARROW_ASSIGN_OR_RAISE(auto ranges, RangesOf(row_group));
  bytes_read_ += TotalLength(ranges);
  auto fetched =
      FetchedRanges::Fetch(*file.bytes, std::move(ranges), plan_->context->pool, stop);
  if (fetched.ok()) return fetched;
  return AtInput(internal::Words(file.path, ": row group ", row_group), fetched.status());
}

Result<BegunUnit> ParquetScan::Begin(bool is_needed) {
  using State = BegunUnit::State;
  const ParquetFile& file = *plan_->file;
  if (file.remote == nullptr) return BegunUnit{};
  for (; next_ < plan_->row_groups.end; ++next_) {
    if (!Wants(next_)) continue;
    ARROW_ASSIGN_OR_RAISE(auto ranges, RangesOf(next_));
    const int64_t wanted_bytes = TotalLength(ranges);
    auto fetch =
        RangeFetch::Start(*file.remote, std::move(ranges), plan_->context->budget,
                          is_needed, plan_->context->stop);
    if (!fetch.ok()) {
      return AtInput(internal::Words(file.path, ": row group ", next_), fetch.status());
    }
    if (*fetch == nullptr) return BegunUnit{State::kNoMemory, 0};
    bytes_read_ += wanted_bytes;
    const BegunUnit begun{State::kBegun, (*fetch)->bytes()};
    begun_.push_back({next_++, *std::move(fetch)});
    return begun;
  }
  return BegunUnit{};
}

Result<std::unique_ptr<exec::UnitReader>> ParquetScan::NextBegunUnit(
    const arrow::StopToken& stop) {
  if (begun_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto begun, Begin(/*is_needed=*/true));
    if (begun.state == BegunUnit::State::kEnd) return nullptr;
  }
  const Begun begun = std::move(begun_.front());
  begun_.pop_front();
  ARROW_ASSIGN_OR_RAISE(auto bytes, begun.fetch->Wait(stop));
  return std::make_unique<RowGroupReader>(plan_, begun.row_group, std::move(bytes));
}

Result<std::unique_ptr<exec::UnitReader>> ParquetScan::NextUnit(
    const arrow::StopToken& stop) {
  const ParquetFile& file = *plan_->file;
  if (file.remote != nullptr) return NextBegunUnit(stop);
  for (; next_ < plan_->row_groups.end; ++next_) {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (!Wants(next_)) continue;
    std::shared_ptr<FetchedRanges> bytes;
    if (!plan_->columns.empty()) {
      ARROW_ASSIGN_OR_RAISE(bytes, Fetch(next_, stop));
    }
    return std::make_unique<RowGroupReader>(plan_, next_++, std::move(bytes));
  }
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<exec::Source>> MakeParquetScan(
    std::shared_ptr<const ParquetFile> file, const exec::ScanOptions& options,
    exec::RunContext* context) {
  auto plan = std::make_shared<ScanPlan>();
  plan->columns = options.columns;
  plan->row_groups = options.chunks.value_or(exec::ChunkRange{0, file->num_row_groups()});
  plan->row_numbers = options.row_numbers;
  plan->context = context;
  plan->parallel_columns = context->slots != nullptr &&
                           file->num_row_groups() < 2 * context->slots->num_slots();
  arrow::FieldVector fields;
  for (size_t i = 0; i < options.columns.size(); ++i) {
    const int column = options.columns[i];
    WINDROW_CHECK(column >= 0 && column < file->schema->num_fields());
    const auto& field = file->schema->field(column);
    fields.push_back(field);
    plan->codes_types.push_back(options.MayBeDictionary(i) ? CodesTypeOf(field->type())
                                                           : nullptr);
    plan->are_hashed.push_back(options.IsHashed(i));
  }
  if (options.row_numbers) {
    fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
  }
  plan->schema = arrow::schema(std::move(fields), file->schema->metadata());
  RowGroupPruner pruner(file, options.pruning_predicate);
  plan->file = std::move(file);
  return std::make_unique<ParquetScan>(std::move(plan), std::move(pruner));
}

}  // namespace windrow::source
