// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/exchange_sink.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <string_view>

#include "windrow/base/check.h"
#include "windrow/column/ordered_key.h"
#include "windrow/column/partition_hash.h"
#include "windrow/column/plain_column.h"

namespace windrow::sink {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Far below the 2 GiB that 32-bit offsets reach.
constexpr int64_t kMessageBytes = int64_t{64} << 20;
/// One row in so many is looked at for a sample, of which a task keeps so many.
constexpr int64_t kSampleOneIn = 16;
constexpr size_t kSampleKeys = 1024;

struct Partitioned : exec::Prepared {
  BatchPtr batch;                 ///< in the order of partitions
  std::vector<int64_t> ends;      ///< of each partition's rows
  std::vector<std::string> keys;  ///< a sample of them
  int64_t bytes = 0;
};

/// The batch with columns of the schema's types.
Result<BatchPtr> AsSchema(const BatchPtr& batch,
                          const std::shared_ptr<arrow::Schema>& schema,
                          arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    ArrayPtr column = batch->column(c);
    if (!column->type()->Equals(*schema->field(c)->type())) {
      ARROW_ASSIGN_OR_RAISE(column, column::PlainColumn(column, pool));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

std::vector<ArrayPtr> ColumnsOf(const arrow::RecordBatch& batch,
                                const std::vector<int>& places) {
  std::vector<ArrayPtr> columns;
  for (const int place : places) columns.push_back(batch.column(place));
  return columns;
}

/// Rows that go nowhere are given the partition after the last.
Result<std::vector<int32_t>> PartitionsOf(const Partitioning& partitioning,
                                          const arrow::RecordBatch& batch,
                                          const arrow::BinaryArray* sort_keys,
                                          arrow::MemoryPool* pool) {
  std::vector<int32_t> partitions(static_cast<size_t>(batch.num_rows()));
  if (sort_keys != nullptr && !partitioning.bounds.empty()) {
    for (size_t row = 0; row < partitions.size(); ++row) {
      const auto bound =
          std::upper_bound(partitioning.bounds.begin(), partitioning.bounds.end(),
                           sort_keys->GetView(static_cast<int64_t>(row)));
      partitions[row] = static_cast<int32_t>(bound - partitioning.bounds.begin());
    }
    return partitions;
  }
  ARROW_ASSIGN_OR_RAISE(
      const auto keys,
      column::KeyBatch::Make(partitioning.layout,
                             ColumnsOf(batch, partitioning.hash_columns), pool));
  column::PartitionsOf(keys, partitioning.partitions, partitions);
  int32_t next = partitioning.first_partition % partitioning.partitions;
  for (int32_t& partition : partitions) {
    if (partition >= 0) continue;
    partition = partitioning.partitions;
    if (!partitioning.spreads_null_keys) continue;
    partition = next;
    next = (next + 1) % partitioning.partitions;
  }
  return partitions;
}

/// The rows' numbers partition after partition, in their order within each; `ends` is
/// filled. Those that go nowhere are left out.
std::shared_ptr<arrow::Array> OrderOf(const std::vector<int32_t>& partitions,
                                      std::vector<int64_t>* ends, uint32_t* order) {
  std::vector<int64_t> next(ends->size() + 1);
  for (const int32_t partition : partitions) ++next[static_cast<size_t>(partition)];
  int64_t first = 0;
  for (size_t p = 0; p < ends->size(); ++p) {
    const int64_t count = next[p];
    next[p] = first;
    (*ends)[p] = first += count;
  }
  next.back() = first;
  for (size_t row = 0; row < partitions.size(); ++row) {
    const auto partition = static_cast<size_t>(partitions[row]);
    if (partition == ends->size()) continue;
    order[next[partition]++] = static_cast<uint32_t>(row);
  }
  return std::make_shared<arrow::UInt32Array>(
      first, arrow::Buffer::Wrap(order, partitions.size()));
}

/// Keeps some of many keys, spread evenly.
void ThinOut(std::vector<std::string>* keys) {
  if (keys->size() <= kSampleKeys) return;
  const size_t size = keys->size();
  for (size_t i = 0; i < kSampleKeys; ++i) {
    std::swap((*keys)[i], (*keys)[i * size / kSampleKeys]);
  }
  keys->resize(kSampleKeys);
}

}  // namespace

/// The rows of one partition.
struct ExchangeSink::Stream {
  std::shared_ptr<arrow::io::BufferOutputStream> output;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  /// Rows of a batch that are not in a message yet.
  struct Part {
    BatchPtr batch;
    int64_t first;
    int64_t rows;
    int64_t bytes;  ///< by their share of the batch
  };
  std::vector<Part> waiting;
  int64_t rows = 0;
};

ExchangeSink::ExchangeSink(std::shared_ptr<arrow::Schema> schema,
                           Partitioning partitioning,
                           std::shared_ptr<exec::ExchangedRows> rows,
                           exec::RunContext* context)
    : schema_(std::move(schema)),
      partitioning_(std::move(partitioning)),
      rows_(std::move(rows)),
      context_(context) {
  for (int p = 0; p < partitioning_.partitions; ++p) {
    streams_.push_back(std::make_unique<Stream>());
  }
}

ExchangeSink::~ExchangeSink() = default;

Result<std::unique_ptr<exec::Prepared>> ExchangeSink::Encode(BatchPtr batch) {
  auto prepared = std::make_unique<Partitioned>();
  ARROW_ASSIGN_OR_RAISE(batch, AsSchema(batch, schema_, context_->pool));
  std::shared_ptr<arrow::Array> sort_keys;
  if (!partitioning_.sort_columns.empty()) {
    ARROW_ASSIGN_OR_RAISE(
        sort_keys, column::EncodeSortKeys(ColumnsOf(*batch, partitioning_.sort_columns),
                                          partitioning_.order, context_->pool));
  }
  const auto* keys = static_cast<const arrow::BinaryArray*>(sort_keys.get());
  if (partitioning_.takes_sample) {
    const int64_t first = std::min(kSampleOneIn, batch->num_rows()) / 2;
    for (int64_t row = first; row < batch->num_rows(); row += kSampleOneIn) {
      prepared->keys.emplace_back(keys->GetView(row));
    }
  }
  prepared->ends = {batch->num_rows()};
  if (partitioning_.partitions > 1 || !partitioning_.hash_columns.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto partitions,
                          PartitionsOf(partitioning_, *batch, keys, context_->pool));
    prepared->ends.resize(static_cast<size_t>(partitioning_.partitions));
    std::vector<uint32_t> order(partitions.size());
    const auto rows = OrderOf(partitions, &prepared->ends, order.data());
    arrow::compute::ExecContext compute(context_->pool);
    compute.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const arrow::Datum taken,
        arrow::compute::Take(batch, rows, arrow::compute::TakeOptions::NoBoundsCheck(),
                             &compute));
    batch = taken.record_batch();
  }
  prepared->bytes = arrow::util::ReferencedBufferSize(*batch).ValueOr(0);
  prepared->batch = std::move(batch);
  return prepared;
}

Status ExchangeSink::Write(std::unique_ptr<exec::Prepared> encoded) {
  auto& partitioned = static_cast<Partitioned&>(*encoded);
  int64_t first = 0;
  for (size_t p = 0; p < streams_.size(); ++p) {
    const int64_t rows = partitioned.ends[p] - first;
    if (rows > 0) {
      const int64_t bytes = partitioned.bytes * rows / partitioned.ends.back();
      streams_[p]->waiting.push_back({partitioned.batch, first, rows, bytes});
      streams_[p]->rows += rows;
    }
    first = partitioned.ends[p];
  }
  for (std::string& key : partitioned.keys) rows_->sample.push_back(std::move(key));
  waiting_bytes_ += partitioned.bytes;
  // As long as memory allows, so that a piece is made once and of few messages.
  return waiting_bytes_ < context_->window_bytes ? Status::OK() : Flush();
}

Status ExchangeSink::Flush() {
  for (size_t p = 0; p < streams_.size(); ++p) ARROW_RETURN_NOT_OK(AddMessages(p));
  waiting_bytes_ = 0;
  return Status::OK();
}

/// Joins the rows that wait into as few messages as offsets allow.
Status ExchangeSink::AddMessages(size_t partition) {
  Stream& stream = *streams_[partition];
  if (stream.writer == nullptr) {
    arrow::ipc::IpcWriteOptions options;
    options.alignment = 64;
    options.use_threads = false;
    options.memory_pool = context_->pool;
    int64_t capacity = 4096 + 256 * schema_->num_fields();
    for (const Stream::Part& part : stream.waiting) capacity += part.bytes;
    ARROW_ASSIGN_OR_RAISE(
        stream.output, arrow::io::BufferOutputStream::Create(capacity, context_->pool));
    ARROW_ASSIGN_OR_RAISE(stream.writer,
                          arrow::ipc::MakeStreamWriter(stream.output, schema_, options));
  }
  size_t next = 0;
  while (next < stream.waiting.size()) {
    const size_t begin = next;
    int64_t bytes = 0;
    int64_t rows = 0;
    for (; next < stream.waiting.size() && bytes < kMessageBytes; ++next) {
      bytes += stream.waiting[next].bytes;
      rows += stream.waiting[next].rows;
    }
    arrow::ArrayVector columns;
    for (int c = 0; c < schema_->num_fields(); ++c) {
      arrow::ArrayVector parts;
      for (size_t i = begin; i < next; ++i) {
        const Stream::Part& part = stream.waiting[i];
        parts.push_back(part.batch->column(c)->Slice(part.first, part.rows));
      }
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                            arrow::Concatenate(parts, context_->pool));
    }
    ARROW_RETURN_NOT_OK(stream.writer->WriteRecordBatch(
        *arrow::RecordBatch::Make(schema_, rows, std::move(columns))));
  }
  stream.waiting.clear();
  return Status::OK();
}

Status ExchangeSink::Finish() {
  ARROW_RETURN_NOT_OK(Flush());
  for (const auto& stream : streams_) {
    exec::ExchangedPiece piece;
    piece.rows = stream->rows;
    ARROW_RETURN_NOT_OK(stream->writer->Close());
    ARROW_ASSIGN_OR_RAISE(piece.stream, stream->output->Finish());
    bytes_written_ += piece.stream->size();
    rows_->pieces.push_back(std::move(piece));
  }
  ThinOut(&rows_->sample);
  return Status::OK();
}

}  // namespace windrow::sink
