// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "windrow/exec/operator.h"
#include "windrow/fs/atomic_output.h"
#include "windrow/sink/column_executor.h"
#include "windrow/sink/compression.h"

namespace parquet::arrow {
class FileWriter;
}
namespace windrow::exec {
struct RunContext;
}

namespace windrow::sink {

struct ParquetSinkOptions {
  std::string path;
  Compression compression{arrow::Compression::SNAPPY};
  /// Most rows of a row group. 131,072 is two full morsels, and a column chunk of 8-byte
  /// values is then 1 MiB: long enough for one request, and 95 columns stay near 100 MB,
  /// which is what a reader decodes as one unit and what the writer holds, compressed.
  int64_t row_group_rows = 128 << 10;
  /// Uncompressed size at which a row group ends even if it has fewer rows.
  int64_t row_group_bytes = 128 << 20;
};

/// Writes Parquet with statistics and the Arrow schema. Write encodes the columns of a
/// batch in parallel into a row group held compressed in memory, about one group at most.
///
/// A dictionary column of strings or bytes whose dictionary is small and the same over a
/// row group goes in by its codes; any other dictionary is decoded. At least one column;
/// a type Parquet has no form for is a user error.
///
/// Life cycle of exec::Sink. Errors carry the path.
class ParquetSink final : public exec::Sink {
 public:
  /// Opens the output at once. `context` outlives the sink.
  static Result<std::unique_ptr<exec::Sink>> Make(
      ParquetSinkOptions options, const std::shared_ptr<arrow::Schema>& schema,
      exec::RunContext* context);
  ~ParquetSink() override;

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  Status Finish() override;
  Status Commit() override;
  void Abort() override;
  int64_t bytes_written() const override { return output_->bytes_written(); }

 private:
  struct EncodedBatch;
  /// How a dictionary column goes into the current row group.
  struct DictionaryColumn {
    int column;
    std::shared_ptr<arrow::Array> current;  ///< null when decoded or not decided
    bool is_decided = false;
    std::shared_ptr<arrow::Array> distinct;  ///< the last one found free of duplicates
  };

  ParquetSink(ParquetSinkOptions options, std::shared_ptr<arrow::Schema> stored,
              std::unique_ptr<fs::AtomicOutput> output, exec::RunContext* context);
  Status Start();
  Status WriteBatch(const arrow::RecordBatch& batch);
  Status WritePiece(const arrow::RecordBatch& piece);
  Result<std::shared_ptr<arrow::RecordBatch>> SettleDictionaries(
      const arrow::RecordBatch& piece);
  Result<bool> GoesInByCode(DictionaryColumn* dictionary,
                            const std::shared_ptr<arrow::Array>& values) const;

  ParquetSinkOptions options_;
  std::shared_ptr<arrow::Schema> stored_;
  std::unique_ptr<fs::AtomicOutput> output_;
  exec::RunContext* context_;
  ColumnExecutor executor_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::vector<DictionaryColumn> dictionaries_;
  int64_t group_rows_ = 0;   ///< rows of the current row group; 0: none is open
  int64_t group_bytes_ = 0;  ///< their uncompressed size
};

}  // namespace windrow::sink
