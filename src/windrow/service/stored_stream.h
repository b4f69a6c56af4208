// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <semaphore>

#include "windrow/exec/table.h"
#include "windrow/flight/batch_hash.h"
#include "windrow/flight/scan_request.h"
#include "windrow/flight/stream_mark.h"
#include "windrow/service/served_tables.h"
#include "windrow/service/table_stream.h"

namespace windrow::service {

/// The batches of what `request` asks for, when that is all rows of some columns, and
/// none is longer than a message should be. Null otherwise.
std::shared_ptr<const exec::StoredBatches> StoredBatchesFor(
    const flight::ScanRequest& request, const ServedTable& served);

/// Hands on the batches of a compressed file as they lie there. Each is decompressed once
/// to be validated and hashed, on the thread that sends, and let go of; what is sent is
/// in the mapped file.
class StoredStream : public TableStream {
 public:
  struct Options {
    std::shared_ptr<const exec::StoredBatches> batches;
    exec::ChunkRange chunks;
    int64_t skip_rows = 0;                ///< at the beginning that are not sent
    std::counting_semaphore<>* decoders;  ///< so many streams decompress at once
  };

  /// `options.decoders` outlives it.
  StoredStream(std::shared_ptr<arrow::Schema> schema, Options options, OnEnd on_end);

  void Cancel(const Status& reason) override;

 private:
  Result<arrow::flight::FlightPayload> NextMessage() override;
  Result<arrow::flight::FlightPayload> EndMessage();
  Result<std::shared_ptr<arrow::RecordBatch>> Load(int64_t chunk,
                                                   arrow::ipc::IpcPayload* message,
                                                   uint64_t* hash);

  Options options_;
  flight::ReceivedHasher hasher_;
  flight::StreamMark sent_;
  int64_t next_chunk_;
  std::mutex mutex_;  ///< guards what follows
  Status cancelled_;  ///< OK: it is not
};

}  // namespace windrow::service
