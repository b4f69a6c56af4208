// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/probe_record_reader.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

namespace windrow::format {
namespace {

using arrow::internal::checked_cast;

/// The only batch of a stream that takes up all of `bytes`.
Result<std::shared_ptr<arrow::RecordBatch>> ReadOnlyBatch(
    std::shared_ptr<arrow::Buffer> bytes, const arrow::Schema& schema,
    arrow::MemoryPool* pool) {
  arrow::io::BufferReader input(bytes);
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        arrow::ipc::RecordBatchStreamReader::Open(&input, options));
  if (!reader->schema()->Equals(schema, /*check_metadata=*/true)) {
    return DataError("columns ", reader->schema()->ToString(), ", expected ",
                     schema.ToString());
  }
  ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
  if (batch == nullptr) return DataError("no batch, expected one");
  ARROW_RETURN_NOT_OK(batch->ValidateFull());
  ARROW_ASSIGN_OR_RAISE(const auto second, reader->Next());
  if (second != nullptr) return DataError("more than one batch, expected one");
  ARROW_ASSIGN_OR_RAISE(const int64_t end, input.Tell());
  if (end != bytes->size()) {
    return DataError(bytes->size() - end, " bytes after the end marker");
  }
  return batch;
}

template <typename ArrayType>
auto OnlyValue(const arrow::RecordBatch& batch, int column) {
  return checked_cast<const ArrayType&>(*batch.column(column)).Value(0);
}

}  // namespace

Result<ProbeRecordContent> ReadProbeRecord(const std::shared_ptr<arrow::Buffer>& record,
                                           arrow::MemoryPool* pool) {
  const auto read_outer = ReadOnlyBatch(record, *ProbeRecordSchema(), pool);
  if (!read_outer.ok()) return AtInput("outer stream", read_outer.status());
  const arrow::RecordBatch& outer = **read_outer;
  if (outer.num_rows() != 1) {
    return DataError("outer stream: ", outer.num_rows(), " rows, expected one");
  }
  for (const auto& column : outer.columns()) {
    if (column->null_count() > 0) return DataError("outer stream: a null");
  }
  ProbeRecordContent content;
  content.src_id = OnlyValue<arrow::Int64Array>(outer, 0);
  content.n_measurements = OnlyValue<arrow::Int32Array>(outer, 2);
  content.time_span_seconds = OnlyValue<arrow::DoubleArray>(outer, 3);
  content.first_timestamp = OnlyValue<arrow::TimestampArray>(outer, 4);
  content.last_timestamp = OnlyValue<arrow::TimestampArray>(outer, 5);
  const auto& streams = checked_cast<const arrow::BinaryArray&>(*outer.column(1));
  content.measurement_bytes = streams.value_length(0);
  auto inner = arrow::SliceBuffer(streams.value_data(), streams.value_offset(0),
                                  content.measurement_bytes);
  const auto read_inner = ReadOnlyBatch(std::move(inner), *MeasurementSchema(), pool);
  if (!read_inner.ok()) return AtInput("measurements", read_inner.status());
  content.measurements = *read_inner;
  if (content.measurements->num_rows() == 0) return DataError("measurements: no rows");
  if (content.measurements->column(kSrcAddr)->null_count() > 0) {
    return DataError("measurements: a null in src_addr");
  }
  return content;
}

ProbeColumns ColumnsOf(const arrow::RecordBatch& measurements) {
  ProbeColumns columns;
  const auto& data = measurements.column_data();
  columns.event_time = data[kEventTime]->GetValues<int64_t>(1);
  columns.dst_offsets = data[kDstAddr]->GetValues<int32_t>(1);
  if (data[kDstAddr]->buffers[2] != nullptr) {
    columns.dst_text = data[kDstAddr]->buffers[2]->data();
    columns.dst_text_bytes = data[kDstAddr]->buffers[2]->size();
  }
  columns.ip_version = data[kIpVersion]->GetValues<int8_t>(1);
  columns.rtt = data[kRtt]->GetValues<float>(1);
  for (int column = 0; column < kNumProbeColumns; ++column) {
    if (data[column]->GetNullCount() == 0) continue;
    columns.validity[column] = {data[column]->buffers[0]->data(), data[column]->offset};
  }
  return columns;
}

}  // namespace windrow::format
