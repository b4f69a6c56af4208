// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/fs/atomic_output.h"

namespace windrow::exec {
struct RunContext;
}

namespace windrow::sink {

struct NdjsonSinkOptions {
  std::string path;
  /// Text columns that hold JSON, or numbers, and are written as what they stand for.
  std::vector<std::string> json_columns;
};

/// Writes newline-delimited JSON: an object for each row (format/json_rows.h), encoded in
/// parallel.
///
/// Life cycle of exec::Sink. Errors carry the path.
class NdjsonSink final : public exec::Sink {
 public:
  /// Opens the output at once. A UserError names a column that JSON has no form for, or
  /// whose name another one has. `context` outlives the sink.
  static Result<std::unique_ptr<exec::Sink>> Make(
      NdjsonSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
      exec::RunContext* context);

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override { return output_->Finish(); }
  Status Commit() override { return output_->Commit(); }
  void Abort() override { output_->Abort(); }
  int64_t bytes_written() const override { return output_->bytes_written(); }

 private:
  struct EncodedLines;

  NdjsonSink(std::vector<bool> is_json, std::unique_ptr<fs::AtomicOutput> output,
             exec::RunContext* context);

  std::vector<bool> is_json_;  ///< by column
  std::unique_ptr<fs::AtomicOutput> output_;
  exec::RunContext* context_;
};

}  // namespace windrow::sink
