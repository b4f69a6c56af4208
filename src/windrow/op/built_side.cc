// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/built_side.h"

#include <arrow/array.h>

#include <atomic>
#include <sstream>

#include "windrow/exec/run_context.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using column::KeyBatch;
using column::KeyTable;

Result<KeyBatch> ChunkKeys(const column::KeyLayout& layout, const exec::RowStore& rows,
                           int chunk, int key_column, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto array, rows.LoadColumn(chunk, key_column));
  return KeyBatch::Make(layout, {array}, pool);
}

/// True when keys[i] == first + i for all i. Branch-free inside, so it runs at memory
/// speed.
bool CountsUpFrom(const KeyBatch& keys, int64_t first) {
  if (!keys.all_valid()) return false;
  uint64_t difference = 0;
  for (int64_t row = 0; row < keys.size(); ++row) {
    difference |= static_cast<uint64_t>(keys.words()[row]) ^
                  (static_cast<uint64_t>(first) + static_cast<uint64_t>(row));
  }
  return difference == 0;
}

}  // namespace

Result<std::optional<KeyTable>> FindIdentityKeys(const column::KeyLayout& layout,
                                                 const exec::RowStore& rows,
                                                 int key_column,
                                                 exec::RunContext* context,
                                                 exec::StepMetrics* metrics) {
  const std::vector<int64_t>& offsets = rows.chunk_offsets();
  const int64_t num_rows = offsets.back();
  if (!layout.is_word() || num_rows == 0 || num_rows >= KeyTable::kNoBuildRow) {
    return std::nullopt;
  }
  int first_chunk = 0;
  while (offsets[first_chunk + 1] == 0) ++first_chunk;
  ARROW_ASSIGN_OR_RAISE(const KeyBatch head,
                        ChunkKeys(layout, rows, first_chunk, key_column, context->pool));
  const int64_t base = head.words()[0];
  int64_t last = 0;
  if (!CountsUpFrom(head, base) || __builtin_add_overflow(base, num_rows - 1, &last)) {
    return std::nullopt;
  }
  std::atomic<bool> counts_up = true;
  ARROW_RETURN_NOT_OK(context->slots->ParallelFor(
      static_cast<int64_t>(offsets.size()) - 2 - first_chunk,
      [&](int64_t i) -> Status {
        if (!counts_up) return Status::OK();
        ARROW_RETURN_NOT_OK(context->stop.Poll());
        const int chunk = first_chunk + 1 + static_cast<int>(i);
        ARROW_ASSIGN_OR_RAISE(const KeyBatch keys,
                              ChunkKeys(layout, rows, chunk, key_column, context->pool));
        if (!CountsUpFrom(keys, base + offsets[chunk])) counts_up = false;
        return Status::OK();
      },
      &metrics->cpu_nanos));
  if (!counts_up) return std::nullopt;
  return KeyTable::Identity(layout, base, num_rows, context->pool);
}

std::pair<std::string, std::string> DescribeTable(const KeyTable& table) {
  std::ostringstream reason;
  switch (table.form()) {
    case KeyTable::Form::kIdentity:
      reason << "keys count up from " << table.key_min() << " to " << table.key_max();
      return {"identity", reason.str()};
    case KeyTable::Form::kDense:
      reason << table.num_valid() << " keys from " << table.key_min() << " to "
             << table.key_max();
      return {"dense", reason.str()};
    case KeyTable::Form::kHash:
      reason << table.num_valid() << " keys";
      if (table.layout().is_word() && table.num_valid() > 0) {
        reason << " spread from " << table.key_min() << " to " << table.key_max();
      } else if (!table.layout().is_word()) {
        reason << ", compared as bytes";
      }
      return {"hash", reason.str()};
  }
  return {};
}

}  // namespace windrow::op
