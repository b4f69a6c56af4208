// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/set_source.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/source/remote_source.h"

namespace windrow::source {
namespace {

class PartUnit : public exec::UnitReader {
 public:
  PartUnit(std::unique_ptr<exec::UnitReader> unit,
           std::shared_ptr<const PartColumns> columns, std::function<Status()> check,
           arrow::MemoryPool* pool)
      : unit_(std::move(unit)),
        columns_(std::move(columns)),
        check_(std::move(check)),
        pool_(pool) {}

  std::string place() const override { return unit_->place(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    const auto read = unit_->Next();
    if (!read.ok() && check_ != nullptr && BlameOf(read.status()) == Blame::kData) {
      // What was replaced meanwhile looks damaged.
      ARROW_RETURN_NOT_OK(check_());
    }
    ARROW_ASSIGN_OR_RAISE(const auto batch, read);
    if (batch == nullptr) return nullptr;
    arrow::ArrayVector arrays;
    for (size_t c = 0; c < columns_->inputs.size(); ++c) {
      if (columns_->inputs[c] >= 0) {
        arrays.push_back(batch->column(columns_->inputs[c]));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(
          auto constant,
          arrow::MakeArrayFromScalar(*columns_->constants[c], batch->num_rows(), pool_));
      arrays.push_back(std::move(constant));
    }
    if (columns_->row_numbers) ARROW_RETURN_NOT_OK(ShiftRowNumbers(&arrays.back()));
    return exec::MakeScanBatch(columns_->schema, batch->num_rows(), std::move(arrays));
  }

 private:
  Status ShiftRowNumbers(std::shared_ptr<arrow::Array>* numbers) const {
    if (columns_->first_row == 0) return Status::OK();
    const int64_t count = (*numbers)->length();
    const auto* from = (*numbers)->data()->GetValues<int64_t>(1);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(count * 8, pool_));
    auto* to = reinterpret_cast<int64_t*>(buffer->mutable_data());
    for (int64_t i = 0; i < count; ++i) to[i] = from[i] + columns_->first_row;
    *numbers = std::make_shared<arrow::Int64Array>(count, std::move(buffer));
    return Status::OK();
  }

  std::unique_ptr<exec::UnitReader> unit_;
  std::shared_ptr<const PartColumns> columns_;
  std::function<Status()> check_;
  arrow::MemoryPool* pool_;
};

/// What a unit counts at least, so that units without columns are not begun without end.
constexpr int64_t kLeastUnitBytes = 64 << 10;

}  // namespace

SetSource::SetSource(std::shared_ptr<arrow::Schema> schema, std::vector<PartScan> scans,
                     ReadAhead ahead, exec::RunContext* context)
    : schema_(std::move(schema)),
      scans_(std::move(scans)),
      check_(std::move(ahead.check)),
      context_(context),
      most_ahead_bytes_(MostAheadBytes(ahead.is_on, *context)) {}

Status SetSource::OpenNext() {
  const PartScan& scan = scans_[sources_.size()];
  ARROW_ASSIGN_OR_RAISE(auto source, scan.table->Scan(scan.options, context_));
  last_remote_ = dynamic_cast<RemoteSource*>(source.get());
  sources_.push_back(std::move(source));
  return Status::OK();
}

/// Begins units of the last opened part and then of the next ones.
Status SetSource::LookAhead() {
  while (ahead_bytes_ < most_ahead_bytes_) {
    if (last_remote_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const BegunUnit begun, last_remote_->BeginUnit());
      if (begun.state == BegunUnit::State::kNoMemory) return Status::OK();
      if (begun.state == BegunUnit::State::kBegun) {
        const int64_t bytes = std::max(begun.bytes, kLeastUnitBytes);
        ahead_.push_back({sources_.size() - 1, bytes});
        ahead_bytes_ += bytes;
        continue;
      }
    }
    const bool is_last = sources_.size() == scans_.size();
    if (is_last || !scans_[sources_.size()].is_remote) return Status::OK();
    ARROW_RETURN_NOT_OK(OpenNext());
  }
  return Status::OK();
}

Result<std::unique_ptr<exec::UnitReader>> SetSource::NextOfCurrent(
    const arrow::StopToken& stop) {
  exec::Source& source = *sources_[current_];
  const int64_t unit_bytes = source.next_unit_bytes();
  ARROW_ASSIGN_OR_RAISE(auto unit, source.NextUnit(stop));
  if (unit == nullptr) return nullptr;
  last_unit_bytes_ = unit_bytes;
  if (!ahead_.empty() && ahead_.front().part == current_) {
    ahead_bytes_ -= ahead_.front().bytes;
    ahead_.pop_front();
  }
  return std::make_unique<PartUnit>(std::move(unit), scans_[current_].columns, check_,
                                    context_->pool);
}

Result<std::unique_ptr<exec::UnitReader>> SetSource::NextUnit(
    const arrow::StopToken& stop) {
  while (current_ < scans_.size()) {
    if (current_ == sources_.size()) ARROW_RETURN_NOT_OK(OpenNext());
    ARROW_RETURN_NOT_OK(LookAhead());
    ARROW_ASSIGN_OR_RAISE(auto unit, NextOfCurrent(stop));
    if (unit != nullptr) return unit;
    if (stop.IsStopRequested()) return nullptr;
    bytes_of_finished_ += sources_[current_]->bytes_read();
    ++current_;
  }
  if (check_ != nullptr) ARROW_RETURN_NOT_OK(check_());
  return nullptr;
}

/// Of a part that is not open yet, what the part before had: files of a set are alike.
int64_t SetSource::next_unit_bytes() const {
  const int64_t bytes =
      current_ < sources_.size() ? sources_[current_]->next_unit_bytes() : 0;
  return bytes > 0 ? bytes : last_unit_bytes_;
}

int64_t SetSource::bytes_read() const {
  int64_t bytes = bytes_of_finished_;
  for (size_t part = current_; part < sources_.size(); ++part) {
    bytes += sources_[part]->bytes_read();
  }
  return bytes;
}

}  // namespace windrow::source
