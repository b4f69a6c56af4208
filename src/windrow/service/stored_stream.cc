// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/stored_stream.h"

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/service/scan_job.h"

namespace windrow::service {

using arrow::flight::FlightPayload;
using arrow::ipc::IpcWriteOptions;

std::shared_ptr<const exec::StoredBatches> StoredBatchesFor(
    const flight::ScanRequest& request, const ServedTable& served) {
  constexpr int64_t kMostBytes = 16 << 20;
  const bool is_whole =
      request.where.empty() && request.key_column.empty() && !request.limit.has_value();
  if (!is_whole) return nullptr;
  const arrow::Schema& schema = *served.table->schema();
  std::vector<int> columns;
  for (const std::string& name : ColumnsOf(request, schema)) {
    columns.push_back(schema.GetFieldIndex(name));
    if (columns.back() < 0) return nullptr;
  }
  auto batches = served.table->stored_batches(columns);
  return batches != nullptr && batches->most_bytes() <= kMostBytes ? batches : nullptr;
}

StoredStream::StoredStream(std::shared_ptr<arrow::Schema> schema, Options options,
                           OnEnd on_end)
    : TableStream(std::move(schema), std::move(on_end)),
      options_(std::move(options)),
      hasher_(*this->schema()),
      next_chunk_(options_.chunks.begin) {}

void StoredStream::Cancel(const Status& reason) {
  const std::scoped_lock lock(mutex_);
  cancelled_ = reason;
}

/// The rows of `chunk`, their message and its hash.
Result<std::shared_ptr<arrow::RecordBatch>> StoredStream::Load(
    int64_t chunk, arrow::ipc::IpcPayload* message, uint64_t* hash) {
  options_.decoders->acquire();
  auto rows = options_.batches->Load(chunk, arrow::default_memory_pool(), message);
  const Status hashed = rows.ok() ? hasher_.Hash(**rows).Value(hash) : rows.status();
  options_.decoders->release();
  ARROW_RETURN_NOT_OK(hashed);
  return rows;
}

Result<FlightPayload> StoredStream::NextMessage() {
  while (next_chunk_ < options_.chunks.end) {
    {
      const std::scoped_lock lock(mutex_);
      ARROW_RETURN_NOT_OK(cancelled_);
    }
    FlightPayload payload;
    uint64_t hash = 0;
    ARROW_ASSIGN_OR_RAISE(auto batch, Load(next_chunk_++, &payload.ipc_message, &hash));
    const int64_t skipped = std::min(options_.skip_rows, batch->num_rows());
    options_.skip_rows -= skipped;
    if (skipped == batch->num_rows()) continue;
    if (skipped > 0) {
      // The former stream was another's, which cut the rows elsewhere.
      batch = batch->Slice(skipped);
      payload = {};
      ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(
          *batch, IpcWriteOptions::Defaults(), &payload.ipc_message));
      hash = flight::HashSent(batch->num_rows(), payload.ipc_message);
    }
    payload.app_metadata = arrow::Buffer::FromString(flight::WriteStreamMark(sent_));
    ++sent_.batches;
    sent_.rows += batch->num_rows();
    sent_.bytes += payload.ipc_message.body_length;
    sent_.checksum = flight::NextChecksum(sent_.checksum, hash);
    return payload;
  }
  if (sent_.is_end) return FlightPayload();
  return EndMessage();
}

Result<FlightPayload> StoredStream::EndMessage() {
  FlightPayload payload;
  ARROW_ASSIGN_OR_RAISE(const auto empty, arrow::RecordBatch::MakeEmpty(schema()));
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(
      *empty, IpcWriteOptions::Defaults(), &payload.ipc_message));
  sent_.is_end = true;
  payload.app_metadata = arrow::Buffer::FromString(flight::WriteStreamMark(sent_));
  return payload;
}

}  // namespace windrow::service
