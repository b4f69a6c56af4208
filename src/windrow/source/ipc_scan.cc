// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/ipc_scan.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/task_slots.h"
#include "windrow/source/ipc_column.h"
#include "windrow/source/ipc_decoder.h"

namespace windrow::source {
namespace {

using format::IpcSpan;

/// Batches up to this size are fetched whole with their first slice: one request to the
/// system for neighbouring columns instead of one per column and slice.
constexpr int64_t kFetchWholeBytes = 64 << 20;
/// Unasked bytes between two spans that are fetched along rather than asked for apart.
constexpr int64_t kFetchGapBytes = 64 << 10;
/// Compressed batches are assumed to grow by this much when small ones share a unit.
constexpr int64_t kAssumedRatio = 4;

/// Rows [begin, begin + count) of one batch.
struct Part {
  int batch;
  int64_t begin;
  int64_t count;
};

/// Rows of a slice such that `rows` rows of `bytes` bytes are cut into equal slices
/// within the run's limits, at multiples of 64 rows where there are so many.
int64_t SliceRows(int64_t rows, int64_t bytes, const exec::RunContext& context) {
  int64_t most = std::max<int64_t>(1, context.morsel_rows);
  if (bytes > context.morsel_bytes && rows > 0) {
    const double share = static_cast<double>(context.morsel_bytes) / bytes;
    most = std::clamp<int64_t>(static_cast<int64_t>(rows * share), 1, most);
  }
  if (rows <= most) return std::max<int64_t>(1, rows);
  const int64_t slices = rows / most + (rows % most != 0);
  const int64_t even = rows / slices + (rows % slices != 0);
  const int64_t rounded = (even + 63) / 64 * 64;
  return rounded <= most ? rounded : even;
}

/// Bytes of the rows themselves: a dictionary does not shrink when rows are cut off.
int64_t RowBytes(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) {
    const arrow::Array& rows =
        column->type_id() == arrow::Type::DICTIONARY
            ? *static_cast<const arrow::DictionaryArray&>(*column).indices()
            : *column;
    bytes += arrow::util::TotalBufferSize(rows);
  }
  return bytes;
}

/// What the source and its units share.
struct Scan {
  std::shared_ptr<const IpcFile> file;
  exec::RunContext* context;
  std::vector<int> columns;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int> plain;               ///< positions in `columns`
  std::vector<int> decoded;             ///< positions in `columns`
  std::unique_ptr<IpcDecoder> decoder;  ///< null when `decoded` is empty
  std::vector<int> decoder_positions;   ///< of each of `decoded` in the decoder's columns
  std::vector<int> dictionaries;  ///< positions in `columns`, one dictionary in a unit
  exec::ChunkRange chunks;        ///< batches to read
  bool row_numbers = false;
  bool in_place = true;  ///< batches are handed out in slices, each of its own unit

  Result<std::shared_ptr<arrow::RecordBatch>> Load(const Part& part) const;
  Result<std::shared_ptr<arrow::Array>> RowNumbers(const Part& part) const;
  /// Whether a unit may hold both batches.
  bool MayShareUnit(int batch, int other) const {
    return dictionaries.empty() ||
           file->batch(batch).num_dictionaries == file->batch(other).num_dictionaries;
  }
};

Result<std::shared_ptr<arrow::Array>> Scan::RowNumbers(const Part& part) const {
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> numbers,
      arrow::AllocateBuffer(part.count * sizeof(int64_t), context->pool));
  int64_t* first = numbers->mutable_data_as<int64_t>();
  const auto& offsets = file->batch_offsets();
  std::iota(first, first + part.count,
            offsets[part.batch] - offsets[chunks.begin] + part.begin);
  return std::make_shared<arrow::Int64Array>(part.count, std::move(numbers));
}

Result<std::shared_ptr<arrow::RecordBatch>> Scan::Load(const Part& part) const {
  arrow::ArrayVector arrays(columns.size());
  auto load = [&](int64_t i) -> Status {
    const int at = plain[i];
    ARROW_ASSIGN_OR_RAISE(
        arrays[at], LoadPlainIpcColumn(*file, part.batch, columns[at], part.begin,
                                       part.count, OffsetCheck::kAll, context->pool));
    return Status::OK();
  };
  // Where batches alone would leave slots idle, columns are decompressed in parallel.
  const bool split = !in_place && context->slots != nullptr && plain.size() > 1 &&
                     file->num_batches() < 4 * context->slots->num_slots();
  const int64_t num_plain = static_cast<int64_t>(plain.size());
  if (split) {
    ARROW_RETURN_NOT_OK(context->slots->ParallelFor(num_plain, load));
  } else {
    for (int64_t i = 0; i < num_plain; ++i) ARROW_RETURN_NOT_OK(load(i));
  }
  if (decoder != nullptr) {
    WINDROW_CHECK(part.begin == 0);
    ARROW_ASSIGN_OR_RAISE(arrow::ArrayVector more, decoder->Load(part.batch));
    for (size_t i = 0; i < decoded.size(); ++i) {
      arrays[decoded[i]] = more[decoder_positions[i]];
    }
  }
  if (row_numbers) {
    ARROW_ASSIGN_OR_RAISE(auto numbers, RowNumbers(part));
    arrays.push_back(std::move(numbers));
  }
  return arrow::RecordBatch::Make(schema, part.count, std::move(arrays));
}

class IpcUnit : public exec::UnitReader {
 public:
  IpcUnit(std::shared_ptr<const Scan> scan, std::vector<Part> parts)
      : scan_(std::move(scan)), parts_(std::move(parts)) {}

  std::string place() const override { return scan_->file->path(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (batch_ == nullptr) {
      if (next_part_ == parts_.size()) return nullptr;
      ARROW_RETURN_NOT_OK(scan_->context->stop.Poll());
      ARROW_ASSIGN_OR_RAISE(batch_, scan_->Load(parts_[next_part_++]));
      if (!scan_->dictionaries.empty()) ShareDictionaries();
      if (scan_->in_place) return std::exchange(batch_, nullptr);
      begin_ = 0;
      slice_rows_ = SliceRows(batch_->num_rows(), RowBytes(*batch_), *scan_->context);
    }
    auto slice = begin_ == 0 && slice_rows_ >= batch_->num_rows()
                     ? batch_
                     : batch_->Slice(begin_, slice_rows_);
    begin_ += slice->num_rows();
    if (begin_ >= batch_->num_rows()) batch_ = nullptr;
    return slice;
  }

 private:
  /// Gives the batch the dictionaries of the unit's first one: they are equal, but may
  /// have been read by another decoder.
  void ShareDictionaries() {
    arrow::ArrayVector arrays = batch_->columns();
    for (size_t i = 0; i < scan_->dictionaries.size(); ++i) {
      auto& array = arrays[scan_->dictionaries[i]];
      if (i == dictionaries_.size()) dictionaries_.push_back(array->data()->dictionary);
      const auto data = array->data()->Copy();
      data->dictionary = dictionaries_[i];
      array = arrow::MakeArray(data);
    }
    batch_ =
        arrow::RecordBatch::Make(scan_->schema, batch_->num_rows(), std::move(arrays));
  }

  std::shared_ptr<const Scan> scan_;
  std::vector<Part> parts_;
  /// Of the unit's first batch, for each of the scan's `dictionaries`.
  std::vector<std::shared_ptr<arrow::ArrayData>> dictionaries_;
  size_t next_part_ = 0;
  std::shared_ptr<arrow::RecordBatch> batch_;  ///< decoded, handed out up to begin_
  int64_t begin_ = 0;
  int64_t slice_rows_ = 0;
};

class IpcSource : public exec::Source {
 public:
  explicit IpcSource(std::shared_ptr<const Scan> scan)
      : scan_(std::move(scan)), batch_(static_cast<int>(scan_->chunks.begin)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return scan_->schema; }
  int64_t bytes_read() const override { return bytes_read_.load(); }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    std::vector<Part> parts;
    int64_t rows = 0;
    int64_t bytes = 0;
    while (batch_ < scan_->chunks.end) {
      ARROW_RETURN_NOT_OK(stop.Poll());
      const int64_t batch_rows = scan_->file->batch(batch_).rows;
      if (batch_rows == 0) {
        ++batch_;
        continue;
      }
      if (begin_ == 0) ARROW_RETURN_NOT_OK(EnterBatch());
      const Part part{batch_, begin_, std::min(slice_rows_, batch_rows - begin_)};
      if (!parts.empty() &&
          (part.count < batch_rows || rows + part.count > scan_->context->morsel_rows ||
           bytes + batch_bytes_ > scan_->context->morsel_bytes ||
           !scan_->MayShareUnit(parts.back().batch, batch_))) {
        break;
      }
      ARROW_RETURN_NOT_OK(Fetch(part));
      parts.push_back(part);
      rows += part.count;
      bytes += batch_bytes_;
      begin_ += part.count;
      if (begin_ == batch_rows) {
        begin_ = 0;
        ++batch_;
      }
      if (part.count < batch_rows) break;
    }
    if (parts.empty()) return nullptr;
    return std::make_unique<IpcUnit>(scan_, std::move(parts));
  }

 private:
  /// Looks up the bytes of the batch's asked columns and how it is cut.
  Status EnterBatch() {
    const int64_t rows = scan_->file->batch(batch_).rows;
    spans_.clear();
    for (const int column : scan_->columns) {
      const Status found = scan_->file->AppendSpans(batch_, column, &spans_);
      if (!found.ok()) return At(scan_->file->Where(batch_, column), found);
    }
    stored_bytes_ = 0;
    for (const IpcSpan& span : spans_) stored_bytes_ += span.length;
    const bool compressed = scan_->file->batch(batch_).codec != format::IpcCodec::kNone;
    batch_bytes_ = compressed ? stored_bytes_ * kAssumedRatio : stored_bytes_;
    slice_rows_ = scan_->in_place ? SliceRows(rows, batch_bytes_, *scan_->context) : rows;
    std::sort(spans_.begin(), spans_.end(),
              [](const IpcSpan& a, const IpcSpan& b) { return a.offset < b.offset; });
    return Status::OK();
  }

  Status Fetch(const Part& part) {
    const double rows = static_cast<double>(scan_->file->batch(part.batch).rows);
    const double from = part.begin / rows;
    const double to = (part.begin + part.count) / rows;
    bytes_read_ += static_cast<int64_t>(to * stored_bytes_) -
                   static_cast<int64_t>(from * stored_bytes_);
    if (stored_bytes_ <= kFetchWholeBytes) {
      return part.begin == 0 ? FetchShare(0, 1) : Status::OK();
    }
    return FetchShare(from, to);
  }

  /// Fetches the same share of every span, which for values of one size is the rows' own
  /// and for others near it.
  Status FetchShare(double from, double to) {
    IpcSpan run;
    for (const IpcSpan& span : spans_) {
      const auto begin = span.offset + static_cast<int64_t>(from * span.length);
      const auto end = span.offset + static_cast<int64_t>(to * span.length);
      if (run.length > 0 && begin - (run.offset + run.length) <= kFetchGapBytes) {
        run.length = std::max(run.length, end - run.offset);
        continue;
      }
      ARROW_RETURN_NOT_OK(scan_->file->mapped().Fetch(run.offset, run.length));
      run = {begin, end - begin};
    }
    return scan_->file->mapped().Fetch(run.offset, run.length);
  }

  std::shared_ptr<const Scan> scan_;
  std::atomic<int64_t> bytes_read_{0};
  int batch_;
  int64_t begin_ = 0;
  // Of the batch at hand:
  std::vector<IpcSpan> spans_;
  int64_t stored_bytes_ = 0;
  int64_t batch_bytes_ = 0;  ///< estimate of its bytes in memory
  int64_t slice_rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<exec::Source>> ScanIpcFile(std::shared_ptr<const IpcFile> file,
                                                  const exec::ScanOptions& options,
                                                  exec::RunContext* context) {
  auto scan = std::make_shared<Scan>();
  scan->file = std::move(file);
  scan->context = context;
  scan->columns = options.columns;
  scan->chunks = options.chunks.value_or(exec::ChunkRange{0, scan->file->num_batches()});
  scan->row_numbers = options.row_numbers;
  arrow::FieldVector fields;
  std::vector<int> to_decode;
  for (size_t i = 0; i < options.columns.size(); ++i) {
    const int column = options.columns[i];
    WINDROW_CHECK(column >= 0 && column < scan->file->num_columns());
    fields.push_back(scan->file->schema()->field(column));
    const bool is_dictionary = fields.back()->type()->id() == arrow::Type::DICTIONARY;
    if (is_dictionary && options.MayBeDictionary(i)) {
      scan->dictionaries.push_back(static_cast<int>(i));
    }
    const bool plain = scan->file->IsPlain(column);
    (plain ? scan->plain : scan->decoded).push_back(static_cast<int>(i));
    if (!plain) to_decode.push_back(column);
    scan->in_place = scan->in_place && plain && scan->file->IsResident(column);
  }
  if (options.row_numbers) {
    fields.push_back(arrow::field(exec::kRowNumberColumn, arrow::int64(), false));
  }
  scan->schema = arrow::schema(std::move(fields), scan->file->schema()->metadata());
  if (!to_decode.empty()) {
    std::vector<int> sorted = to_decode;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (const int column : to_decode) {
      scan->decoder_positions.push_back(static_cast<int>(
          std::lower_bound(sorted.begin(), sorted.end(), column) - sorted.begin()));
    }
    scan->decoder =
        std::make_unique<IpcDecoder>(scan->file, std::move(sorted), context->pool);
  }
  return std::make_unique<IpcSource>(std::move(scan));
}

}  // namespace windrow::source
