// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/spill_file.h"

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <string>
#include <utility>

#include "windrow/base/byte_size.h"
#include "windrow/format/spill_block.h"

namespace windrow::exec {

Result<std::unique_ptr<SpillFile>> SpillFile::Make(std::shared_ptr<arrow::Schema> schema,
                                                   RunContext* context,
                                                   StepMetrics* metrics) {
  ARROW_ASSIGN_OR_RAISE(auto file, fs::TempFile::Open(context->temp_dir));
  return std::unique_ptr<SpillFile>(
      new SpillFile(std::move(schema), std::move(file), context, metrics));
}

SpillFile::SpillFile(std::shared_ptr<arrow::Schema> schema,
                     std::unique_ptr<fs::TempFile> file, RunContext* context,
                     StepMetrics* metrics)
    : schema_(std::move(schema)),
      file_(std::move(file)),
      context_(context),
      metrics_(metrics) {}

SpillFile::~SpillFile() = default;

bool SpillFile::HoldsDictionary(const arrow::DataType& type) {
  return format::HoldsDictionary(type);
}

Result<SpillFile::Block> SpillFile::Append(const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes,
                        format::EncodeSpillBlock(batch, context_->spill_pool));
  Block block;
  block.stored_bytes = bytes->size();
  block.rows = batch.num_rows();
  block.offset = end_.fetch_add(block.stored_bytes);
  const Status status = file_->WriteAt(block.offset, bytes->data(), block.stored_bytes);
  if (!status.ok() && BlameOf(status) == Blame::kResource) {
    return ResourceError(status.message(), " (after ",
                         FormatByteSize(metrics_->spill_bytes),
                         " spilled); expected room, free some or choose another folder "
                         "with --temp-dir");
  }
  ARROW_RETURN_NOT_OK(status);
  metrics_->spill_bytes += block.stored_bytes;
  return block;
}

Result<std::shared_ptr<arrow::RecordBatch>> SpillFile::Read(
    const Block& block, arrow::MemoryPool* pool) const {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes,
                        arrow::AllocateBuffer(block.stored_bytes, pool));
  ARROW_RETURN_NOT_OK(
      file_->ReadAt(block.offset, bytes->mutable_data(), block.stored_bytes));
  auto batch = format::DecodeSpillBlock(bytes, schema_, pool);
  if (batch.ok()) return batch;
  return At(file_->folder() + ": temporary file at byte " + std::to_string(block.offset),
            batch.status());
}

}  // namespace windrow::exec
