// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "windrow/column/key_batch.h"

namespace windrow::op {

enum class JoinKind { kInner, kLeft, kSemi, kAnti };

/// What comes out of an inner or left join: the named columns of the left side, then
/// those of the right. Indices are into the left and right rows the join gathers from.
struct JoinOutput {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<int> left_columns;
  std::vector<int> right_columns;
};

/// The join keys of a batch. Without key columns every row has the same one, false, so
/// that all rows join with all.
Result<column::KeyBatch> KeysOf(const arrow::RecordBatch& batch,
                                const std::vector<int>& key_columns,
                                const column::KeyLayout& layout, arrow::MemoryPool* pool);

/// The values of the row number column of a batch; valid as long as the batch.
std::span<const int64_t> RowNumbersOf(const arrow::RecordBatch& batch, int column);

}  // namespace windrow::op
