// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/key_order.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "windrow/column/ordered_key.h"
#include "windrow/column/row_order.h"

namespace windrow::op {
namespace {

using column::RowOrder;

struct LookedAt : exec::Prepared {
  bool is_sorted = true;
  int64_t changes = 0;  ///< rows that differ from the one before
  std::shared_ptr<arrow::RecordBatch> first;
  std::shared_ptr<arrow::RecordBatch> last;
};

/// Rows in the order of their keys, in which floats have one zero and one NaN.
Result<RowOrder> OrderOf(const arrow::RecordBatch& batch, arrow::MemoryPool* pool) {
  arrow::ArrayVector columns = batch.columns();
  const auto is_float = [](const std::shared_ptr<arrow::Array>& column) {
    return column->type_id() == arrow::Type::FLOAT ||
           column->type_id() == arrow::Type::DOUBLE;
  };
  if (std::any_of(columns.begin(), columns.end(), is_float)) {
    ARROW_ASSIGN_OR_RAISE(auto keys, column::EncodeOrderedKeys(columns, pool));
    columns = {std::move(keys)};
  }
  return RowOrder::Make(std::vector<column::OrderKey>(columns.size()), columns, pool);
}

}  // namespace

KeyOrder::KeyOrder(std::shared_ptr<Found> found, exec::RunContext* context)
    : found_(std::move(found)), context_(context) {}

Result<std::unique_ptr<exec::Prepared>> KeyOrder::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto looked = std::make_unique<LookedAt>();
  ARROW_ASSIGN_OR_RAISE(const RowOrder order, OrderOf(*batch, context_->pool));
  const uint64_t* prefixes = order.prefixes().data();
  for (int64_t row = 1; row < batch->num_rows(); ++row) {
    int compared = prefixes[row - 1] < prefixes[row] ? -1 : 1;
    if (prefixes[row - 1] == prefixes[row]) {
      compared = order.prefix_decides() ? 0 : order.Compare(row - 1, row);
    }
    if (compared > 0) {
      looked->is_sorted = false;
      break;
    }
    looked->changes += compared < 0 ? 1 : 0;
  }
  looked->first = batch->Slice(0, 1);
  looked->last = batch->Slice(batch->num_rows() - 1, 1);
  return looked;
}

Status KeyOrder::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  auto& looked = static_cast<LookedAt&>(*prepared);
  int compared = -1;
  if (last_ != nullptr) {
    ARROW_ASSIGN_OR_RAISE(const RowOrder before, OrderOf(*last_, context_->pool));
    ARROW_ASSIGN_OR_RAISE(const RowOrder after, OrderOf(*looked.first, context_->pool));
    compared = RowOrder::CompareRows(before, 0, after, 0);
  }
  if (!looked.is_sorted || compared > 0) {
    found_->is_sorted = false;
    is_sorted_ = false;
    return Status::OK();
  }
  found_->groups += looked.changes + (compared < 0 ? 1 : 0);
  last_ = std::move(looked.last);
  return Status::OK();
}

}  // namespace windrow::op
