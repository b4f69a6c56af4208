// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/rebatch.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "windrow/exec/task_slots.h"
#include "windrow/op/whole_batch.h"

namespace windrow::op {

Rebatch::Rebatch(int64_t rows, std::shared_ptr<arrow::Schema> schema,
                 exec::RunContext* context)
    : rows_(rows), schema_(std::move(schema)), context_(context) {}

Result<std::unique_ptr<exec::Prepared>> Rebatch::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  return std::make_unique<WholeBatch>(std::move(batch));
}

Status Rebatch::Consume(std::unique_ptr<exec::Prepared> prepared,
                        exec::Emitter* emitter) {
  auto batch = std::move(static_cast<WholeBatch&>(*prepared).batch);
  while (batch->num_rows() > 0) {
    const int64_t taken = std::min(batch->num_rows(), rows_ - waiting_rows_);
    waiting_.push_back(taken == batch->num_rows() ? batch : batch->Slice(0, taken));
    waiting_rows_ += taken;
    batch = batch->Slice(taken);
    if (waiting_rows_ == rows_) ARROW_RETURN_NOT_OK(EmitWaiting(emitter));
  }
  return Status::OK();
}

Status Rebatch::Finish(exec::Emitter* emitter) {
  return waiting_.empty() ? Status::OK() : EmitWaiting(emitter);
}

Status Rebatch::EmitWaiting(exec::Emitter* emitter) {
  const auto pieces = std::move(waiting_);
  const int64_t rows = waiting_rows_;
  waiting_.clear();
  waiting_rows_ = 0;
  if (pieces.size() == 1) return emitter->Emit(pieces);
  arrow::ArrayVector columns(static_cast<size_t>(schema_->num_fields()));
  const Status joined =
      context_->slots->ParallelFor(schema_->num_fields(), [&](int64_t c) -> Status {
        arrow::ArrayVector parts;
        for (const auto& piece : pieces)
          parts.push_back(piece->column(static_cast<int>(c)));
        ARROW_ASSIGN_OR_RAISE(columns[c], arrow::Concatenate(parts, context_->pool));
        return Status::OK();
      });
  // Strings of more than 2 GiB do not go into one array, nor dictionaries with more
  // values than their codes count; the pieces stay apart.
  if (joined.IsInvalid() || joined.IsCapacityError() || joined.IsNotImplemented()) {
    return emitter->Emit(pieces);
  }
  ARROW_RETURN_NOT_OK(joined);
  return emitter->Emit({arrow::RecordBatch::Make(schema_, rows, std::move(columns))});
}

}  // namespace windrow::op
