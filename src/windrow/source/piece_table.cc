// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/piece_table.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>
#include <utility>

#include "windrow/source/memory_table.h"
#include "windrow/source/stream_table.h"

namespace windrow::source {
namespace {

class PieceReader final : public arrow::RecordBatchReader {
 public:
  PieceReader(std::shared_ptr<arrow::Schema> schema, size_t pieces, PieceFetcher fetch)
      : schema_(std::move(schema)), pieces_(pieces), fetch_(std::move(fetch)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (true) {
      if (piece_ == nullptr) {
        if (next_ == pieces_) return Status::OK();
        ARROW_RETURN_NOT_OK(Open());
      }
      ARROW_RETURN_NOT_OK(piece_->ReadNext(batch));
      if (*batch != nullptr) break;
      piece_.reset();
    }
    // The schema also says which columns hold no nulls, which a task need not know.
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), (*batch)->columns());
    return Status::OK();
  }

 private:
  Status Open() {
    ARROW_ASSIGN_OR_RAISE(auto piece, fetch_(next_++));
    arrow::ipc::IpcReadOptions options;
    options.use_threads = false;
    ARROW_ASSIGN_OR_RAISE(
        piece_,
        arrow::ipc::RecordBatchStreamReader::Open(
            std::make_shared<arrow::io::BufferReader>(std::move(piece)), options));
    if (piece_->schema()->num_fields() == schema_->num_fields()) return Status::OK();
    return InternalError("a piece of an exchange has ", piece_->schema()->num_fields(),
                         " columns; expected ", schema_->num_fields());
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const size_t pieces_;
  const PieceFetcher fetch_;
  size_t next_ = 0;
  std::shared_ptr<arrow::RecordBatchReader> piece_;
};

}  // namespace

Result<std::shared_ptr<exec::Table>> MakePieceTable(
    std::shared_ptr<arrow::Schema> schema,
    const std::vector<std::shared_ptr<arrow::Buffer>>& pieces) {
  PieceReader reader(schema, pieces.size(), [&](size_t piece) { return pieces[piece]; });
  ARROW_ASSIGN_OR_RAISE(auto rows, reader.ToRecordBatches());
  return MakeMemoryTable(std::move(schema), std::move(rows),
                         "exchange, " + std::to_string(pieces.size()) + " pieces",
                         kPieceScan);
}

std::shared_ptr<exec::Table> MakePieceStream(std::shared_ptr<arrow::Schema> schema,
                                             size_t pieces, PieceFetcher fetch) {
  const auto open = [=]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
    return std::make_shared<PieceReader>(schema, pieces, fetch);
  };
  return MakeStreamTable(schema, open, /*is_read_once=*/false, kPieceScan);
}

}  // namespace windrow::source
