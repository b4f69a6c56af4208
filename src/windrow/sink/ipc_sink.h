// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>

#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/fs/atomic_output.h"
#include "windrow/sink/compression.h"
#include "windrow/sink/dictionary_union.h"

namespace windrow::exec {
struct RunContext;
}

namespace windrow::sink {

enum class IpcFormat {
  kFile,    ///< .arrow, .feather, .ipc: random access, a footer
  kStream,  ///< .arrows: readable while it is written
};

struct IpcSinkOptions {
  std::string path;
  IpcFormat format = IpcFormat::kFile;
  Compression compression;  ///< none, LZ4 frame or ZSTD
};

/// Writes Arrow IPC: one record batch for each batch it is given, in 64-byte alignment.
///
/// A file holds one dictionary per column, so the dictionaries of all batches are joined
/// into one with int32 indices, written once before the footer. A stream gets a new
/// dictionary whenever a batch brings another one. Nested dictionaries are decoded
/// (stored_batch.h).
///
/// Life cycle of exec::Sink. Errors carry the path.
class IpcSink final : public exec::Sink {
 public:
  /// Opens the output at once. `context` outlives the sink.
  static Result<std::unique_ptr<exec::Sink>> Make(
      IpcSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
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
  /// A dictionary column of the stored schema.
  struct DictionaryColumn {
    int column;
    int64_t id;
    DictionaryUnion all;                 ///< of a file
    std::shared_ptr<arrow::Array> last;  ///< of a stream: what its readers know now
  };

  IpcSink(IpcSinkOptions options, std::shared_ptr<arrow::Schema> stored,
          std::unique_ptr<fs::AtomicOutput> output, exec::RunContext* context);
  Status Start();
  Status MakePayload(EncodedBatch* encoded) const;
  Status WriteToFile(std::unique_ptr<EncodedBatch> encoded);
  Status WriteToStream(const EncodedBatch& encoded);
  Status FlushPending();
  Status Complete();

  IpcSinkOptions options_;
  std::shared_ptr<arrow::Schema> stored_;
  std::unique_ptr<fs::AtomicOutput> output_;
  exec::RunContext* context_;
  arrow::ipc::IpcWriteOptions write_options_;
  std::unique_ptr<arrow::ipc::internal::IpcPayloadWriter> writer_;
  std::vector<DictionaryColumn> dictionaries_;
  /// Batches of a file with dictionaries: their indices are known only when Write has
  /// seen all earlier ones, so up to one batch for each slot is gathered and encoded in
  /// parallel.
  std::vector<std::unique_ptr<EncodedBatch>> pending_;
};

}  // namespace windrow::sink
