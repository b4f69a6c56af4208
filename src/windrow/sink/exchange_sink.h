// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/ipc/type_fwd.h>
#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/column/key_batch.h"
#include "windrow/column/row_order.h"
#include "windrow/exec/exchanged_rows.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"

namespace windrow::sink {

/// Which partition a row goes to: by hash of the key columns, by their place between
/// bounds, or all to one.
struct Partitioning {
  int partitions = 1;
  std::vector<int> hash_columns;   ///< empty: not by hash
  column::KeyLayout layout;        ///< of those
  bool spreads_null_keys = false;  ///< else rows whose key matches nothing are dropped
  int first_partition = 0;         ///< where spreading begins
  std::vector<int> sort_columns;   ///< of ranges, and of the sample
  std::vector<column::OrderKey> order;
  std::vector<std::string> bounds;  ///< partitions - 1; empty: not by range
  bool takes_sample = false;
};

/// Writes rows in memory, those of each partition as one compact IPC stream in the order
/// in which they came. Rows are moved once: a batch is put in the order of its partitions
/// where it is encoded, and the parts of several batches are joined once they are worth a
/// message. Dictionary columns that the schema has as plain ones come out plain.
class ExchangeSink final : public exec::TransientSink {
 public:
  /// `rows` is filled by Finish. Its buffers are memory of the context's pool.
  ExchangeSink(std::shared_ptr<arrow::Schema> schema, Partitioning partitioning,
               std::shared_ptr<exec::ExchangedRows> rows, exec::RunContext* context);
  ~ExchangeSink() override;

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override;
  int64_t bytes_written() const override { return bytes_written_; }

 private:
  struct Stream;

  Status Flush();
  Status AddMessages(size_t partition);

  std::shared_ptr<arrow::Schema> schema_;
  Partitioning partitioning_;
  std::shared_ptr<exec::ExchangedRows> rows_;
  exec::RunContext* context_;
  std::vector<std::unique_ptr<Stream>> streams_;  ///< by partition
  int64_t waiting_bytes_ = 0;  ///< of the batches that are not in a message yet
  std::atomic<int64_t> bytes_written_ = 0;
};

}  // namespace windrow::sink
