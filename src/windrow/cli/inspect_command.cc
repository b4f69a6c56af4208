// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/inspect_command.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <ostream>

#include "windrow/base/byte_size.h"
#include "windrow/cli/inspect_array_record.h"
#include "windrow/exec/pipeline.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/limit.h"
#include "windrow/sink/collect_sink.h"
#include "windrow/source/file_set.h"

namespace windrow::cli {
namespace {

/// Validates every batch and keeps nothing.
class ValidatingSink : public exec::TransientSink {
 public:
  explicit ValidatingSink(std::string path) : path_(std::move(path)) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override {
    for (int c = 0; c < batch->num_columns(); ++c) {
      const Status status = batch->column(c)->ValidateFull();
      if (!status.ok()) {
        return DataError(path_, ": column '", batch->column_name(c),
                         "': ", status.message());
      }
    }
    return nullptr;
  }
  Status Write(std::unique_ptr<exec::Prepared>) override { return Status::OK(); }

 private:
  std::string path_;
};

/// Scans all columns of a table into a sink; with a limit, only the first rows.
Status ScanInto(const exec::Table& table, std::unique_ptr<exec::Sink> sink,
                std::optional<int64_t> limit, const arrow::StopToken& stop,
                int64_t* rows) {
  exec::TaskSlots slots(exec::DefaultSlots());
  exec::RunContext context;
  context.pool = arrow::default_memory_pool();
  context.slots = &slots;
  context.stop = stop;
  exec::RunMetrics metrics;
  exec::ScanOptions scan;
  scan.columns.resize(static_cast<size_t>(table.schema()->num_fields()));
  std::iota(scan.columns.begin(), scan.columns.end(), 0);
  exec::Pipeline pipeline;
  ARROW_ASSIGN_OR_RAISE(pipeline.source, table.Scan(scan, &context));
  pipeline.source_metrics = metrics.Add("scan", "scan");
  if (limit.has_value()) {
    pipeline.steps.push_back(
        {nullptr, std::make_unique<op::Limit>(*limit, pipeline.source->schema()),
         metrics.Add("limit", "limit")});
  }
  pipeline.sink = std::move(sink);
  pipeline.sink_metrics = metrics.Add("sink", "result");
  ARROW_RETURN_NOT_OK(exec::RunPipeline(&pipeline, &context));
  *rows = pipeline.sink_metrics->rows_out;
  return Status::OK();
}

void PrintSchema(const exec::Table& table, std::ostream& out) {
  size_t width = 0;
  for (const auto& field : table.schema()->fields()) {
    width = std::max(width, field->name().size());
  }
  for (int c = 0; c < table.schema()->num_fields(); ++c) {
    const auto& field = *table.schema()->field(c);
    out << fmt::format("  {:<{}}  {}", field.name(), width, field.type()->ToString());
    const exec::ColumnStats stats = table.column_stats(c);
    if (stats.null_count.has_value()) out << fmt::format("  {} nulls", *stats.null_count);
    if (stats.min != nullptr && stats.max != nullptr) {
      out << fmt::format("  {} .. {}", stats.min->ToString(), stats.max->ToString());
    }
    out << '\n';
  }
}

/// One record a row, a line a column: reads well for wide tables too.
Status PrintSamples(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                    std::ostream& out) {
  int64_t number = 0;
  for (const auto& batch : batches) {
    for (int64_t row = 0; row < batch->num_rows(); ++row, ++number) {
      out << "row " << number << '\n';
      for (int c = 0; c < batch->num_columns(); ++c) {
        ARROW_ASSIGN_OR_RAISE(const auto value, batch->column(c)->GetScalar(row));
        out << fmt::format("  {}: {}\n", batch->column_name(c), value->ToString());
      }
    }
  }
  return Status::OK();
}

}  // namespace

Status InspectFile(const InspectOptions& options, const arrow::StopToken& stop,
                   std::ostream& out) {
  std::error_code error;
  if (std::filesystem::is_regular_file(options.path, error) &&
      source::FileKindOf(options.path) == source::FileKind::kArrayRecord) {
    return InspectArrayRecord(options, stop, out);
  }
  fs::ObjectAccess access;
  access.s3_endpoint = options.s3_endpoint;
  access.stop = stop;
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        source::OpenFiles({options.path}, std::nullopt, access));
  out << options.path << ": " << table->description() << '\n';
  if (table->num_rows().has_value()) out << "rows: " << *table->num_rows() << '\n';
  if (table->stored_bytes().has_value()) {
    out << "size: " << FormatByteSize(*table->stored_bytes()) << " ("
        << *table->stored_bytes() << " bytes)\n";
  }
  out << "columns: " << table->schema()->num_fields() << '\n';
  PrintSchema(*table, out);
  int64_t rows = 0;
  if (options.samples > 0) {
    auto batches = std::make_shared<sink::CollectSink::Batches>();
    ARROW_RETURN_NOT_OK(ScanInto(*table, std::make_unique<sink::CollectSink>(batches),
                                 options.samples, stop, &rows));
    ARROW_RETURN_NOT_OK(PrintSamples(*batches, out));
  }
  if (options.verify) {
    ARROW_RETURN_NOT_OK(ScanInto(*table, std::make_unique<ValidatingSink>(options.path),
                                 std::nullopt, stop, &rows));
    out << "verified: " << rows << " rows, every value of every column\n";
  }
  return Status::OK();
}

}  // namespace windrow::cli
