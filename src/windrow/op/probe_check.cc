// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_check.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <cmath>
#include <compare>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/format/probe_record_reader.h"

namespace windrow::op {
namespace {

using arrow::internal::checked_cast;
using format::ProbeColumns;
using format::ProbeRecordCounts;

/// One row of measurements, for comparing.
struct Measurement {
  Measurement(const ProbeColumns& columns, int64_t row) : columns(columns), row(row) {}

  bool IsNull(format::ProbeColumn column) const {
    return columns.validity[column].IsNull(row);
  }
  std::string_view dst_addr() const {
    const int32_t* offsets = columns.dst_offsets + row;
    return {reinterpret_cast<const char*>(columns.dst_text) + offsets[0],
            static_cast<size_t>(offsets[1] - offsets[0])};
  }

  const ProbeColumns& columns;
  int64_t row;
};

/// Numbers, then NaN, then null.
template <typename T>
int CompareValues(const T* a, bool a_is_null, const T* b, bool b_is_null) {
  if (a_is_null || b_is_null) return (a_is_null ? 1 : 0) - (b_is_null ? 1 : 0);
  if (*a < *b) return -1;
  if (*a > *b) return 1;
  const bool a_is_nan = *a != *a;
  const bool b_is_nan = *b != *b;
  return (a_is_nan ? 1 : 0) - (b_is_nan ? 1 : 0);
}

int CompareDestinations(const Measurement& a, const Measurement& b) {
  const bool a_is_null = a.IsNull(format::kDstAddr);
  const bool b_is_null = b.IsNull(format::kDstAddr);
  if (a_is_null || b_is_null) return (b_is_null ? 1 : 0) - (a_is_null ? 1 : 0);
  return a.dst_addr().compare(b.dst_addr());
}

/// Whether `a` may stand before `b` in a record.
bool InOrder(const Measurement& a, const Measurement& b) {
  using format::kEventTime;
  using format::kIpVersion;
  using format::kRtt;
  int order = CompareValues(a.columns.event_time + a.row, a.IsNull(kEventTime),
                            b.columns.event_time + b.row, b.IsNull(kEventTime));
  if (order == 0) order = CompareDestinations(a, b);
  if (order == 0) {
    order = CompareValues(a.columns.ip_version + a.row, a.IsNull(kIpVersion),
                          b.columns.ip_version + b.row, b.IsNull(kIpVersion));
  }
  if (order == 0) {
    order = CompareValues(a.columns.rtt + a.row, a.IsNull(kRtt), b.columns.rtt + b.row,
                          b.IsNull(kRtt));
  }
  return order <= 0;
}

}  // namespace

struct ProbeCheck::CheckedRecord {
  bool is_readable = false;
  std::string src_addr;
  int64_t src_id = 0;
  ProbeRecordCounts counts;
  std::shared_ptr<arrow::RecordBatch> first_row;  ///< of the measurements
  std::shared_ptr<arrow::RecordBatch> last_row;
  std::vector<std::pair<const char*, std::string>> problems;  ///< kind, detail
};

struct ProbeCheck::CheckedBatch : exec::Prepared {
  std::vector<std::shared_ptr<const CheckedRecord>> records;
};

Result<std::unique_ptr<exec::Prepared>> ProbeCheck::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto checked = std::make_unique<CheckedBatch>();
  const auto& records = checked_cast<const arrow::BinaryArray&>(*batch->column(0));
  for (int64_t row = 0; row < records.length(); ++row) {
    auto bytes = arrow::SliceBuffer(records.value_data(), records.value_offset(row),
                                    records.value_length(row));
    checked->records.push_back(
        std::make_shared<const CheckedRecord>(CheckRecord(std::move(bytes))));
  }
  return checked;
}

ProbeCheck::CheckedRecord ProbeCheck::CheckRecord(
    std::shared_ptr<arrow::Buffer> bytes) const {
  CheckedRecord record;
  const auto expect = [&](bool holds, const char* kind, auto&&... words) {
    if (!holds) record.problems.emplace_back(kind, internal::Words(words...));
  };
  const auto read = format::ReadProbeRecord(bytes, context_->pool);
  expect(read.ok(), "not a probe record", read.status().message());
  if (!read.ok()) return record;

  const int64_t rows = read->measurements->num_rows();
  const ProbeColumns columns = format::ColumnsOf(*read->measurements);
  const auto& sources =
      checked_cast<const arrow::StringArray&>(*read->measurements->column(1));
  record.is_readable = true;
  record.src_addr = sources.GetString(0);
  record.src_id = read->src_id;
  record.counts =
      format::CountRows(columns, static_cast<int64_t>(record.src_addr.size()), 0, rows);
  record.first_row = read->measurements->Slice(0, 1);
  record.last_row = read->measurements->Slice(rows - 1);

  int64_t row = 1;
  while (row < rows && sources.GetView(row) == record.src_addr) ++row;
  expect(row == rows, "two source addresses in a record", "row ", row, " has '",
         row < rows ? sources.GetView(row) : "", "', row 0 '", record.src_addr, "'");
  row = 1;
  while (row < rows && InOrder({columns, row - 1}, {columns, row})) ++row;
  expect(row == rows, "measurements out of order", "row ", row, " of ", rows);

  const int64_t src_id = format::SrcIdOf(record.src_addr);
  expect(read->src_id == src_id, "src_id is not that of src_addr", "found ", read->src_id,
         " for '", record.src_addr, "', expected ", src_id);
  expect(read->n_measurements == rows, "wrong n_measurements", "found ",
         read->n_measurements, ", expected ", rows);
  expect(read->measurement_bytes <= options_.max_row_bytes || rows == 1,
         "record over the limit", read->measurement_bytes, " bytes of measurements, ",
         "expected at most ", options_.max_row_bytes);

  int64_t first = 0;
  int64_t end = rows;
  while (first < end && columns.validity[format::kEventTime].IsNull(first)) ++first;
  while (first < end && columns.validity[format::kEventTime].IsNull(end - 1)) --end;
  const int64_t first_time = first < end ? columns.event_time[first] : 0;
  const int64_t last_time = first < end ? columns.event_time[end - 1] : 0;
  expect(read->first_timestamp == first_time && read->last_timestamp == last_time,
         "first or last timestamp is not that of the measurements", "found ",
         read->first_timestamp, " and ", read->last_timestamp, ", expected ", first_time,
         " and ", last_time);
  const double span = static_cast<double>(last_time - first_time) / 1e6;
  expect(read->time_span_seconds == span, "wrong time_span_seconds", "found ",
         read->time_span_seconds, ", expected ", span);
  return record;
}

Status ProbeCheck::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  for (auto& record : static_cast<CheckedBatch&>(*prepared).records) {
    for (const auto& [kind, detail] : record->problems) Note(kind, detail);
    if (record->is_readable) {
      const bool continues = last_ != nullptr && last_->src_addr == record->src_addr;
      continues ? ContinueProbe(*record) : BeginProbe(*record);
      totals_->measurements += record->counts.rows;
      last_ = std::move(record);
    }
    ++totals_->records;
  }
  return Status::OK();
}

void ProbeCheck::BeginProbe(const CheckedRecord& record) {
  const std::string& src_addr = record.src_addr;
  if (last_ != nullptr && src_addr < last_->src_addr) {
    Note("probes out of order", "'" + src_addr + "' after '" + last_->src_addr + "'");
  }
  ++totals_->probes;
  probe_records_ = 1;
  if (!totals_->first_probe.has_value()) totals_->first_probe = src_addr;
  totals_->last_probe = src_addr;
  const ProbeSplit& split = *options_.split;
  // With a sorted split the side follows from all files together.
  const int32_t test_begin = static_cast<int32_t>(split.file_names().size() / 2);
  const bool is_test = split.needs_num_probes() ? options_.file >= test_begin
                                                : split.IsTest(record.src_id, 0, 0);
  const int32_t file = split.FileOf(record.src_id, is_test);
  if (file != options_.file) {
    Note("probe in the wrong file",
         "'" + src_addr + "' belongs to " + split.file_names()[file]);
  }
}

void ProbeCheck::ContinueProbe(const CheckedRecord& record) {
  if (++probe_records_ == 2) ++totals_->split_probes;
  const ProbeColumns before = format::ColumnsOf(*last_->last_row);
  const ProbeColumns after = format::ColumnsOf(*record.first_row);
  if (!InOrder({before, 0}, {after, 0})) {
    Note("parts of a probe out of order", "'" + record.src_addr + "'");
  }
  ProbeRecordCounts with_next = last_->counts;
  with_next +=
      format::CountRows(after, static_cast<int64_t>(record.src_addr.size()), 0, 1);
  if (format::MeasurementBytes(with_next) <= options_.max_row_bytes) {
    Note("probe cut before the limit",
         "the record before could have held another row of '" + record.src_addr + "'");
  }
}

void ProbeCheck::Note(const char* kind, const std::string& detail) {
  findings_->Add(kind, options_.file_name, totals_->records, detail);
}

}  // namespace windrow::op
