// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/array_record_scan.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>

#include "windrow/base/check.h"

namespace windrow::source {
namespace {

using arrow::internal::checked_cast;

/// What all units of one scan share.
struct ScanPlan {
  std::shared_ptr<const ArrayRecordFile> file;
  int num_columns;  ///< how many times the column comes out
  bool row_numbers;
  exec::RunContext* context;
  std::shared_ptr<arrow::Schema> schema;
};

class RangeReader : public exec::UnitReader {
 public:
  /// `stretch` is of no bytes when no column is read.
  RangeReader(std::shared_ptr<const ScanPlan> plan, int range,
              format::FileStretch stretch)
      : plan_(std::move(plan)),
        stretch_(std::move(stretch)),
        chunk_(plan_->file->range_chunks[range]),
        last_chunk_(plan_->file->range_chunks[range + 1]),
        row_(plan_->file->row_offsets[range]),
        last_row_(plan_->file->row_offsets[range + 1]) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (row_ == last_row_) return nullptr;
    int64_t num_rows = std::min(plan_->context->morsel_rows, last_row_ - row_);
    arrow::ArrayVector columns;
    if (plan_->num_columns > 0) {
      ARROW_ASSIGN_OR_RAISE(const auto records, NextRecords());
      num_rows = records->length();
      columns.assign(plan_->num_columns, records);
    }
    if (plan_->row_numbers) {
      ARROW_ASSIGN_OR_RAISE(auto numbers, RowNumbers(num_rows));
      columns.push_back(std::move(numbers));
    }
    row_ += num_rows;
    return arrow::RecordBatch::Make(plan_->schema, num_rows, std::move(columns));
  }

 private:
  /// The next records that fit a morsel; one at least.
  Result<std::shared_ptr<arrow::Array>> NextRecords() {
    if (decoded_ == nullptr || decoded_->length() == 0) {
      const int64_t first = chunk_;
      chunk_ = EndOfMorsel();
      ARROW_ASSIGN_OR_RAISE(decoded_, plan_->file->DecodeChunks(stretch_, first, chunk_,
                                                                plan_->context->pool));
    }
    // A chunk can be larger than a morsel.
    const auto& records = checked_cast<const arrow::BinaryArray&>(*decoded_);
    const int32_t begin = records.value_offset(0);
    int64_t taken = std::min(records.length(), plan_->context->morsel_rows);
    while (taken > 1 &&
           records.value_offset(taken) - begin > plan_->context->morsel_bytes) {
      taken = (taken + 1) / 2;
    }
    auto slice = decoded_->Slice(0, taken);
    decoded_ = decoded_->Slice(taken);
    return slice;
  }

  /// The chunk up to which records are decoded at once.
  int64_t EndOfMorsel() const {
    const format::ArrayRecordIndex& index = plan_->file->index;
    int64_t rows = 0;
    int64_t bytes = 0;
    int64_t end = chunk_;
    while (end < last_chunk_) {
      rows += index.num_records_of(end);
      bytes += index.decoded_sizes[end];
      const bool fits =
          rows <= plan_->context->morsel_rows && bytes <= plan_->context->morsel_bytes;
      if (end > chunk_ && !fits) break;
      ++end;
    }
    return end;
  }

  Result<std::shared_ptr<arrow::Array>> RowNumbers(int64_t num_rows) const {
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> buffer,
        arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(int64_t)),
                              plan_->context->pool));
    auto* numbers = reinterpret_cast<int64_t*>(buffer->mutable_data());
    std::iota(numbers, numbers + num_rows, row_);
    return std::make_shared<arrow::Int64Array>(num_rows, std::move(buffer));
  }

  std::shared_ptr<const ScanPlan> plan_;
  format::FileStretch stretch_;
  int64_t chunk_;
  int64_t last_chunk_;
  int64_t row_;
  int64_t last_row_;
  std::shared_ptr<arrow::Array> decoded_;  ///< not delivered yet
};

class ArrayRecordScan : public exec::Source {
 public:
  explicit ArrayRecordScan(std::shared_ptr<const ScanPlan> plan)
      : plan_(std::move(plan)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    const ArrayRecordFile& file = *plan_->file;
    if (next_ == file.num_ranges()) return nullptr;
    ARROW_RETURN_NOT_OK(stop.Poll());
    format::FileStretch stretch;
    if (plan_->num_columns > 0) {
      ARROW_ASSIGN_OR_RAISE(
          stretch, file.ReadChunks(file.range_chunks[next_], file.range_chunks[next_ + 1],
                                   plan_->context->pool));
      bytes_read_ += stretch.bytes->size();
    }
    return std::make_unique<RangeReader>(plan_, next_++, std::move(stretch));
  }

  int64_t bytes_read() const override { return bytes_read_; }

 private:
  std::shared_ptr<const ScanPlan> plan_;
  int next_ = 0;
  std::atomic<int64_t> bytes_read_ = 0;
};

}  // namespace

Result<std::unique_ptr<exec::Source>> MakeArrayRecordScan(
    std::shared_ptr<const ArrayRecordFile> file, const exec::ScanOptions& options,
    exec::RunContext* context) {
  auto plan = std::make_shared<ScanPlan>();
  plan->num_columns = static_cast<int>(options.columns.size());
  plan->row_numbers = options.row_numbers;
  plan->context = context;
  arrow::FieldVector fields;
  for (const int column : options.columns) {
    WINDROW_CHECK(column == 0);
    fields.push_back(file->schema->field(0));
  }
  if (options.row_numbers) {
    fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
  }
  plan->schema = arrow::schema(std::move(fields));
  plan->file = std::move(file);
  return std::make_unique<ArrayRecordScan>(std::move(plan));
}

}  // namespace windrow::source
