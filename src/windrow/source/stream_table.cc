// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/stream_table.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <atomic>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/memory_hold.h"
#include "windrow/flight/kept_buffer.h"
#include "windrow/source/memory_batch.h"

namespace windrow::source {
namespace {

using Opener = std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()>;

class StreamSource final : public exec::Source {
 public:
  StreamSource(const Opener& open, std::shared_ptr<arrow::Schema> schema,
               std::vector<int> columns, exec::RunContext* context)
      : open_(open),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        context_(context) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::unique_ptr<exec::UnitReader>> NextUnit(
      const arrow::StopToken& stop) override {
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (reader_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(reader_, open_());
    }
    std::shared_ptr<arrow::RecordBatch> batch;
    do {
      ARROW_RETURN_NOT_OK(reader_->ReadNext(&batch));
    } while (batch != nullptr && batch->num_rows() == 0);
    if (batch == nullptr) return nullptr;
    ARROW_ASSIGN_OR_RAISE(batch, Count(*batch));
    return std::make_unique<MemoryUnit>(schema_, *batch, columns_, 0, *context_);
  }

  /// Batches of a stream are mostly alike.
  int64_t next_unit_bytes() const override { return last_bytes_; }
  int64_t bytes_read() const override { return bytes_read_; }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Count(const arrow::RecordBatch& batch) {
    const int64_t bytes = arrow::util::ReferencedBufferSize(batch).ValueOr(0);
    last_bytes_ = bytes;
    bytes_read_ += bytes;
    ARROW_ASSIGN_OR_RAISE(auto taken, exec::MemoryHold::Take(context_->budget, bytes));
    const auto hold = std::make_shared<const exec::MemoryHold>(std::move(taken));
    return flight::KeepWith(hold, batch);
  }

  const Opener open_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<int> columns_;
  exec::RunContext* context_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  int64_t last_bytes_ = 0;
  std::atomic<int64_t> bytes_read_ = 0;
};

class StreamTable final : public exec::Table {
 public:
  StreamTable(const arrow::Schema& schema, Opener open, bool is_read_once,
              const char* scan_kind)
      : schema_(MemorySchema(schema)),
        open_(std::move(open)),
        is_read_once_(is_read_once),
        scan_kind_(scan_kind) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  std::optional<int64_t> num_rows() const override { return std::nullopt; }
  std::optional<int64_t> stored_bytes() const override { return std::nullopt; }
  exec::ColumnStats column_stats(int) const override { return {}; }
  const char* scan_kind() const override { return scan_kind_; }
  std::string description() const override { return "stream"; }
  bool is_repeatable() const override { return false; }
  bool is_read_once() const override { return is_read_once_; }
  Result<std::unique_ptr<exec::Source>> Scan(const exec::ScanOptions& options,
                                             exec::RunContext* context) const override {
    WINDROW_CHECK(!options.row_numbers);
    return std::make_unique<StreamSource>(open_, ScanSchema(*schema_, options),
                                          options.columns, context);
  }
  Result<std::shared_ptr<exec::RowStore>> row_store(exec::RunContext*) const override {
    return nullptr;
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const Opener open_;
  const bool is_read_once_;
  const char* const scan_kind_;
};

}  // namespace

std::shared_ptr<exec::Table> MakeStreamTable(std::shared_ptr<arrow::Schema> schema,
                                             Opener open, bool is_read_once,
                                             const char* scan_kind) {
  return std::make_shared<StreamTable>(*schema, std::move(open), is_read_once, scan_kind);
}

}  // namespace windrow::source
