// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/format/array_record_writer.h"
#include "windrow/fs/atomic_output.h"

namespace windrow::sink {

struct ArrayRecordSinkOptions {
  std::string path;
  int64_t group_size = 1;  ///< records of a chunk, 1 or more; the last may have fewer
  format::ChunkCompression compression;
};

/// Writes an ArrayRecord file: a record for each row of the only column, which holds
/// bytes or text, plain or by dictionary. A null row is a DataError. The file does not
/// depend on how the rows were divided into batches.
///
/// With a group size of 1, Encode compresses the rows of its batch. Larger groups run
/// across batches, so Write collects rows, and compresses them on all slots when there
/// are some MiB.
///
/// Life cycle of exec::Sink. Errors carry the path.
class ArrayRecordSink final : public exec::Sink {
 public:
  /// Opens the output at once. A schema of other columns is a UserError. `context`
  /// outlives the sink.
  static Result<std::unique_ptr<ArrayRecordSink>> Make(
      ArrayRecordSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
      exec::RunContext* context);

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override;
  Status Commit() override;
  void Abort() override;
  int64_t bytes_written() const override { return output_->bytes_written(); }

 private:
  struct EncodedBatch;
  ArrayRecordSink(ArrayRecordSinkOptions options,
                  std::unique_ptr<fs::AtomicOutput> output, exec::RunContext* context);
  Status WriteBatch(EncodedBatch* batch);
  Status WritePending(bool is_last);
  Status Complete();

  ArrayRecordSinkOptions options_;
  std::unique_ptr<fs::AtomicOutput> output_;
  exec::RunContext* context_;
  format::ArrayRecordWriter writer_;
  int64_t num_rows_ = 0;        ///< taken by Write
  arrow::ArrayVector pending_;  ///< rows not written yet, when groups are larger than 1
  int64_t pending_rows_ = 0;
  int64_t pending_bytes_ = 0;
};

}  // namespace windrow::sink
