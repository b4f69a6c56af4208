// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/received_batch.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <utility>
#include <vector>

#include "windrow/exec/memory_hold.h"
#include "windrow/flight/kept_buffer.h"
#include "windrow/flight/owned_batch.h"

namespace windrow::source {
namespace {

/// What the buffers of an array and its children take.
struct Received {
  int64_t bytes = 0;
  bool is_in_place = true;  ///< all are slices of something larger

  void Add(const arrow::ArrayData& data) {
    for (const auto& buffer : data.buffers) {
      if (buffer == nullptr || buffer->size() == 0) continue;
      bytes += buffer->size();
      is_in_place = is_in_place && buffer->parent() != nullptr;
    }
    for (const auto& child : data.child_data) Add(*child);
  }
};

std::shared_ptr<arrow::ArrayData> KeepWith(const std::shared_ptr<const void>& hold,
                                           const arrow::ArrayData& data) {
  auto kept = data.Copy();
  for (auto& buffer : kept->buffers) buffer = flight::KeepWith(hold, std::move(buffer));
  for (auto& child : kept->child_data) child = KeepWith(hold, *child);
  return kept;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> CountReceived(
    std::shared_ptr<arrow::RecordBatch> batch, const exec::RunContext& context) {
  Received received;
  for (const auto& column : batch->column_data()) received.Add(*column);
  if (!received.is_in_place) return flight::OwnedBatch(*batch, context.pool);
  ARROW_ASSIGN_OR_RAISE(exec::MemoryHold taken,
                        exec::MemoryHold::Take(context.budget, received.bytes));
  const auto hold = std::make_shared<const exec::MemoryHold>(std::move(taken));
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (const auto& column : batch->column_data()) {
    columns.push_back(KeepWith(hold, *column));
  }
  return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), std::move(columns));
}

}  // namespace windrow::source
