// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/key_exchange.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "windrow/base/byte_size.h"
#include "windrow/flight/kept_buffer.h"
#include "windrow/service/key_sieve.h"

namespace windrow::service {
namespace {

namespace wire = arrow::flight;

struct WrittenBatch : exec::Prepared {
  explicit WrittenBatch(std::shared_ptr<arrow::RecordBatch> batch)
      : batch(std::move(batch)) {}
  std::shared_ptr<arrow::RecordBatch> batch;
};

class WriterSink : public exec::TransientSink {
 public:
  WriterSink(wire::FlightMessageWriter* writer, std::shared_ptr<const void> run)
      : writer_(writer), run_(std::move(run)) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override {
    return std::make_unique<WrittenBatch>(flight::KeepWith(run_, *batch));
  }
  Status Write(std::unique_ptr<exec::Prepared> encoded) override {
    const auto& batch = *static_cast<WrittenBatch&>(*encoded).batch;
    bytes_written_ += arrow::util::TotalBufferSize(batch);
    return writer_->WriteRecordBatch(batch);
  }
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  wire::FlightMessageWriter* writer_;
  std::shared_ptr<const void> run_;
  int64_t bytes_written_ = 0;
};

Status CheckKeyColumn(const arrow::Schema& keys, const ServedTable& served,
                      flight::ScanRequest* request) {
  if (keys.num_fields() != 1) {
    return UserError("found ", keys.num_fields(), " columns of keys; expected one");
  }
  if (request->key_column.empty()) request->key_column = keys.field(0)->name();
  return served.CheckColumn(request->key_column);
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ReadKeys(wire::FlightMessageReader* reader,
                                               const ServedTable& served,
                                               int64_t most_bytes,
                                               flight::ScanRequest* request) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, reader->GetSchema());
  ARROW_RETURN_NOT_OK(CheckKeyColumn(*schema, served, request));
  const auto type = served.table->schema()->GetFieldByName(request->key_column)->type();
  arrow::ArrayVector arrays;
  int64_t bytes = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const wire::FlightStreamChunk chunk, reader->Next());
    if (chunk.data == nullptr) break;
    bytes += arrow::util::TotalBufferSize(*chunk.data);
    if (bytes > most_bytes) {
      return UserError("found more than ", FormatByteSize(most_bytes),
                       " of keys; expected at most that");
    }
    auto values = arrow::compute::Cast(*chunk.data->column(0), type);
    if (!values.ok()) {
      return UserError("keys of ", request->key_column, ": ", values.status().message());
    }
    arrays.push_back(*std::move(values));
  }
  return DistinctOf(arrays, type);
}

Status WriteRows(plan::PreparedJob job, const runner::RunOptions& run,
                 const std::shared_ptr<arrow::Schema>& schema,
                 const arrow::StopToken& stop, wire::FlightMessageWriter* writer) {
  ARROW_RETURN_NOT_OK(writer->Begin(schema));
  const auto runner = std::make_shared<runner::LocalRunner>(run, stop);
  job.open_result = [&](const std::string&, const auto&, exec::RunContext*) {
    return std::make_unique<WriterSink>(writer, runner);
  };
  return runner->Run(job);
}

}  // namespace windrow::service
