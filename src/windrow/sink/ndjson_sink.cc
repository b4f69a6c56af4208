// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/ndjson_sink.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/type.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <utility>

#include "windrow/exec/run_context.h"
#include "windrow/format/json_rows.h"

namespace windrow::sink {

struct NdjsonSink::EncodedLines : exec::Prepared {
  std::shared_ptr<arrow::Buffer> lines;
};

namespace {

Status CheckSchema(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) {
    const std::string& name = field->name();
    if (schema.GetAllFieldIndices(name).size() > 1) {
      return UserError("column '", name, "' is there more than once; expected one");
    }
    const Status status = format::CheckJsonType(*field->type());
    if (!status.ok()) return At("column '" + name + "'", status);
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<exec::Sink>> NdjsonSink::Make(
    NdjsonSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
    exec::RunContext* context) {
  ARROW_RETURN_NOT_OK(At(options.path, CheckSchema(*schema)));
  std::vector<bool> is_json;
  for (const std::string& name : schema->field_names()) {
    is_json.push_back(std::find(options.json_columns.begin(), options.json_columns.end(),
                                name) != options.json_columns.end());
  }
  ARROW_ASSIGN_OR_RAISE(auto output,
                        fs::AtomicOutput::Open(options.path, context->sync_outputs));
  return std::unique_ptr<exec::Sink>(
      new NdjsonSink(std::move(is_json), std::move(output), context));
}

NdjsonSink::NdjsonSink(std::vector<bool> is_json,
                       std::unique_ptr<fs::AtomicOutput> output,
                       exec::RunContext* context)
    : is_json_(std::move(is_json)), output_(std::move(output)), context_(context) {}

Result<std::unique_ptr<exec::Prepared>> NdjsonSink::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto encoded = std::make_unique<EncodedLines>();
  auto lines = format::JsonLines(*batch, is_json_, context_->pool);
  if (!lines.ok()) return At(output_->path(), lines.status());
  encoded->lines = *std::move(lines);
  return encoded;
}

Status NdjsonSink::Write(std::unique_ptr<exec::Prepared> prepared) {
  const auto& encoded = arrow::internal::checked_cast<const EncodedLines&>(*prepared);
  return output_->Locate(output_->stream()->Write(encoded.lines));
}

}  // namespace windrow::sink
