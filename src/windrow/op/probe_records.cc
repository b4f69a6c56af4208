// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/probe_records.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <vector>

#include "windrow/base/check.h"
#include "windrow/column/measurement_columns.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

/// Most records written at once: enough for every slot to have several shares.
constexpr int64_t kWriteBytesMax = 16 << 20;
/// Bytes of records one task writes; also about what a batch of the output holds, so that
/// a sink can compress several at once.
constexpr int64_t kTaskBytes = 512 << 10;

struct PreparedGroups : exec::Prepared {
  std::shared_ptr<const ProbeGroups> groups;
};

std::shared_ptr<arrow::Array> TextArray(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  WINDROW_CHECK(builder.AppendValues(texts).ok());
  return builder.Finish().ValueOrDie();
}

/// First record of each task, then the number of records.
std::vector<int64_t> CutIntoTasks(const int32_t* offsets, int64_t num_records) {
  std::vector<int64_t> starts = {0};
  for (int64_t record = 1; record < num_records; ++record) {
    if (offsets[record] - offsets[starts.back()] >= kTaskBytes) starts.push_back(record);
  }
  starts.push_back(num_records);
  return starts;
}

}  // namespace

const std::shared_ptr<arrow::Schema>& ProbeRecords::OutputSchema() {
  static const auto kSchema = arrow::schema(
      {arrow::field("file", arrow::dictionary(arrow::int32(), arrow::utf8()), false),
       arrow::field("record", arrow::binary(), false)});
  return kSchema;
}

Result<std::unique_ptr<ProbeRecords>> ProbeRecords::Make(Options options,
                                                         const arrow::Schema& input,
                                                         exec::RunContext* context,
                                                         exec::StepMetrics* metrics) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, column::FindMeasurementLists(input));
  return std::unique_ptr<ProbeRecords>(
      new ProbeRecords(std::move(options), columns, context, metrics));
}

ProbeRecords::ProbeRecords(Options options,
                           std::array<int, format::kNumProbeColumns> columns,
                           exec::RunContext* context, exec::StepMetrics* metrics)
    : options_(std::move(options)),
      columns_(columns),
      context_(context),
      metrics_(metrics),
      split_(options_.split),
      file_names_(TextArray(split_.file_names())),
      cuts_(options_.max_row_bytes) {}

Result<std::unique_ptr<exec::Prepared>> ProbeRecords::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto prepared = std::make_unique<PreparedGroups>();
  ARROW_ASSIGN_OR_RAISE(prepared->groups, ProbeGroups::Make(std::move(batch), columns_));
  return prepared;
}

Status ProbeRecords::Consume(std::unique_ptr<exec::Prepared> prepared,
                             exec::Emitter* emitter) {
  const auto groups = std::move(static_cast<PreparedGroups&>(*prepared).groups);
  for (int64_t group = 0; group < groups->size(); ++group) {
    const int64_t rows = groups->counts(group).rows;
    if (rows == 0) continue;
    if (groups->src_addr(group) != probe_) {
      EndProbe();
      ARROW_RETURN_NOT_OK(BeginProbe(groups->src_addr(group)));
    }
    cuts_.Add(groups, group);
    tally_.measurements[probe_is_test_ ? 1 : 0] += rows;
  }
  return EmitRecords(/*is_last=*/false, emitter);
}

Status ProbeRecords::Finish(exec::Emitter* emitter) {
  EndProbe();
  return EmitRecords(/*is_last=*/true, emitter);
}

Status ProbeRecords::BeginProbe(std::string_view src_addr) {
  if (probe_.has_value() && src_addr < *probe_) {
    return DataError("src_addr '", src_addr, "' comes after '", *probe_,
                     "'; expected groups in byte order");
  }
  int64_t expected_probes = 0;
  if (split_.needs_num_probes()) {
    expected_probes =
        options_.collected == nullptr ? -1 : options_.collected->count.load();
    if (expected_probes < 0) return InternalError("the number of groups is not known");
  }
  const int64_t src_id = format::SrcIdOf(src_addr);
  probe_ = src_addr;
  probe_is_test_ = split_.IsTest(src_id, num_probes_, expected_probes);
  cuts_.Begin(src_id, split_.FileOf(src_id, probe_is_test_));
  ++num_probes_;
  ++tally_.probes[probe_is_test_ ? 1 : 0];
  return Status::OK();
}

void ProbeRecords::EndProbe() {
  if (probe_.has_value() && cuts_.End() > 1) ++tally_.split_probes;
}

int64_t ProbeRecords::write_bytes() const {
  if (context_->budget == nullptr) return kWriteBytesMax;
  return std::min(kWriteBytesMax, context_->budget->budget_bytes() / 16);
}

/// Writes the complete records, once there are enough for all slots.
Status ProbeRecords::EmitRecords(bool is_last, exec::Emitter* emitter) {
  auto& complete = cuts_.records();
  int64_t waiting = 0;
  for (const ProbeRecordPlan& record : complete) {
    waiting += format::ProbeRecordBytes(record.counts);
  }
  while (!complete.empty() && (is_last || waiting >= write_bytes())) {
    ARROW_RETURN_NOT_OK(context_->stop.Poll());
    std::vector<ProbeRecordPlan> records;
    int64_t bytes = 0;
    while (!complete.empty() && (records.empty() || bytes < write_bytes())) {
      const int64_t more = format::ProbeRecordBytes(complete.front().counts);
      if (!records.empty() && bytes + more > INT32_MAX) break;
      bytes += more;
      records.push_back(std::move(complete.front()));
      complete.pop_front();
    }
    waiting -= bytes;
    ARROW_ASSIGN_OR_RAISE(const auto batch, WriteRecords(records, bytes));
    tally_.records += batch->num_rows();
    const auto* offsets = batch->column_data(1)->GetValues<int32_t>(1);
    const std::vector<int64_t> starts = CutIntoTasks(offsets, batch->num_rows());
    std::vector<std::shared_ptr<arrow::RecordBatch>> pieces;
    for (size_t i = 0; i + 1 < starts.size(); ++i) {
      pieces.push_back(batch->Slice(starts[i], starts[i + 1] - starts[i]));
    }
    records.clear();
    ARROW_RETURN_NOT_OK(emitter->Emit(std::move(pieces)));
  }
  HandOverCounts();
  return Status::OK();
}

/// One batch of all `records`, which take `bytes` bytes.
Result<std::shared_ptr<arrow::RecordBatch>> ProbeRecords::WriteRecords(
    const std::vector<ProbeRecordPlan>& records, int64_t bytes) {
  const auto count = static_cast<int64_t>(records.size());
  if (bytes > INT32_MAX) {
    return DataError("a record of ", bytes, " bytes; expected at most ", INT32_MAX);
  }
  const auto allocate = [&](int64_t size) {
    return arrow::AllocateBuffer(size, context_->pool);
  };
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> files, allocate(count * 4));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> ends, allocate((count + 1) * 4));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> text, allocate(bytes));
  auto* file_codes = files->mutable_data_as<int32_t>();
  auto* offsets = ends->mutable_data_as<int32_t>();
  offsets[0] = 0;
  for (int64_t i = 0; i < count; ++i) {
    file_codes[i] = records[i].file;
    offsets[i + 1] =
        offsets[i] + static_cast<int32_t>(format::ProbeRecordBytes(records[i].counts));
  }
  WINDROW_CHECK(offsets[count] == bytes);
  const std::vector<int64_t> starts = CutIntoTasks(offsets, count);
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      static_cast<int64_t>(starts.size()) - 1,
      [&](int64_t task) -> Status {
        for (int64_t i = starts[task]; i < starts[task + 1]; ++i) {
          records[i].Write(text->mutable_data() + offsets[i]);
        }
        return Status::OK();
      },
      &metrics_->cpu_nanos));
  const auto file_column = std::make_shared<arrow::DictionaryArray>(
      OutputSchema()->field(0)->type(),
      std::make_shared<arrow::Int32Array>(count, std::move(files)), file_names_);
  const auto record_column =
      std::make_shared<arrow::BinaryArray>(count, std::move(ends), std::move(text));
  return arrow::RecordBatch::Make(OutputSchema(), count, {file_column, record_column});
}

void ProbeRecords::HandOverCounts() {
  const Tally tally = std::exchange(tally_, {});
  const auto count = [&](const char* name, int64_t amount) {
    if (amount > 0) metrics_->Count(name, amount);
  };
  count("probes", tally.probes[0] + tally.probes[1]);
  count("measurements", tally.measurements[0] + tally.measurements[1]);
  count("train probes", tally.probes[0]);
  count("test probes", tally.probes[1]);
  count("train measurements", tally.measurements[0]);
  count("test measurements", tally.measurements[1]);
  count("split probes", tally.split_probes);
  count("records", tally.records);
}

}  // namespace windrow::op
