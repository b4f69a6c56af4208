// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/row_buffer.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "windrow/exec/memory_budget.h"

namespace windrow::exec {

RowBuffer::RowBuffer(std::shared_ptr<arrow::Schema> schema, RunContext* context,
                     StepMetrics* metrics)
    : schema_(std::move(schema)), context_(context), metrics_(metrics) {
  const bool has_dictionary = std::any_of(
      schema_->fields().begin(), schema_->fields().end(),
      [](const auto& field) { return SpillFile::HoldsDictionary(*field->type()); });
  is_registered_ = context_->budget != nullptr && !has_dictionary;
  if (is_registered_) context_->budget->Register(this);
}

RowBuffer::~RowBuffer() {
  if (is_registered_) context_->budget->Unregister(this);
}

Status RowBuffer::Append(std::shared_ptr<arrow::RecordBatch> batch) {
  const int64_t bytes = arrow::util::TotalBufferSize(*batch);
  const std::scoped_lock lock(mutex_);
  batches_.push_back({std::move(batch), {}, bytes});
  bytes_in_memory_ += bytes;
  return Status::OK();
}

int64_t RowBuffer::num_batches() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<int64_t>(batches_.size());
}

int64_t RowBuffer::batch_bytes(int64_t index) const {
  const std::scoped_lock lock(mutex_);
  return batches_[static_cast<size_t>(index)].bytes;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowBuffer::ReadBatch(int64_t index) const {
  SpillFile::Block stored;
  {
    const std::scoped_lock lock(mutex_);
    const Held& held = batches_[static_cast<size_t>(index)];
    if (held.batch != nullptr) return held.batch;
    stored = held.stored;
  }
  return file_->Read(stored, context_->pool);
}

Status RowBuffer::Spill() {
  const std::scoped_lock lock(mutex_);
  if (file_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(file_, SpillFile::Make(schema_, context_, metrics_));
  }
  for (Held& held : batches_) {
    if (held.batch == nullptr) continue;
    ARROW_ASSIGN_OR_RAISE(held.stored, file_->Append(*held.batch));
    held.batch.reset();
    bytes_in_memory_ -= held.bytes;
  }
  return Status::OK();
}

}  // namespace windrow::exec
