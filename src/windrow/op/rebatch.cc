// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/rebatch.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "windrow/column/value_bytes.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/whole_batch.h"

namespace windrow::op {

Rebatch::Rebatch(Size most, std::shared_ptr<arrow::Schema> schema,
                 exec::RunContext* context)
    : most_(most), schema_(std::move(schema)), context_(context) {}

Result<std::unique_ptr<exec::Prepared>> Rebatch::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  return std::make_unique<WholeBatch>(std::move(batch));
}

Status Rebatch::Consume(std::unique_ptr<exec::Prepared> prepared,
                        exec::Emitter* emitter) {
  auto batch = std::move(static_cast<WholeBatch&>(*prepared).batch);
  while (batch->num_rows() > 0) {
    const Size taken = Fitting(*batch);
    if (taken.rows > 0) {
      waiting_.push_back(taken.rows == batch->num_rows() ? batch
                                                         : batch->Slice(0, taken.rows));
      waiting_size_.rows += taken.rows;
      waiting_size_.bytes += taken.bytes;
      batch = batch->Slice(taken.rows);
    }
    if (batch->num_rows() > 0 || waiting_size_.rows == most_.rows) {
      ARROW_RETURN_NOT_OK(EmitWaiting(emitter));
    }
  }
  return Status::OK();
}

/// The first rows of `batch` that go with those waiting.
Rebatch::Size Rebatch::Fitting(const arrow::RecordBatch& batch) const {
  const int64_t room_bytes = most_.bytes - waiting_size_.bytes;
  Size fitting{std::min(batch.num_rows(), most_.rows - waiting_size_.rows), 0};
  fitting.bytes = column::ValueBytes(batch, 0, fitting.rows);
  if (fitting.bytes <= room_bytes) return fitting;
  int64_t too_many = fitting.rows;
  fitting = {0, 0};
  while (too_many - fitting.rows > 1) {
    const int64_t rows = fitting.rows + (too_many - fitting.rows) / 2;
    const int64_t bytes = column::ValueBytes(batch, 0, rows);
    if (bytes <= room_bytes) {
      fitting = {rows, bytes};
    } else {
      too_many = rows;
    }
  }
  const bool is_row_too_long = fitting.rows == 0 && waiting_.empty();
  return is_row_too_long ? Size{1, column::ValueBytes(batch, 0, 1)} : fitting;
}

Status Rebatch::Finish(exec::Emitter* emitter) {
  return waiting_.empty() ? Status::OK() : EmitWaiting(emitter);
}

Status Rebatch::EmitWaiting(exec::Emitter* emitter) {
  const auto pieces = std::move(waiting_);
  const int64_t rows = waiting_size_.rows;
  waiting_.clear();
  waiting_size_ = {0, 0};
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
  // Dictionaries with more values than their codes count do not go into one array; the
  // pieces stay apart.
  if (joined.IsInvalid() || joined.IsCapacityError() || joined.IsNotImplemented()) {
    return emitter->Emit(pieces);
  }
  ARROW_RETURN_NOT_OK(joined);
  return emitter->Emit({arrow::RecordBatch::Make(schema_, rows, std::move(columns))});
}

}  // namespace windrow::op
