// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_prepare.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

namespace windrow::op {
namespace {

/// Rows looked at to see whether a batch has rows of equal keys.
constexpr int64_t kSampleRows = 2048;

Result<bool> Shrinks(const AggregatePiece& piece, arrow::MemoryPool* pool) {
  const int64_t sample = std::min(piece.rows, kSampleRows);
  column::GroupTable table(piece.coding->keys().words(), pool);
  column::PoolVector<uint32_t> groups(pool);
  ARROW_RETURN_NOT_OK(groups.Resize(sample));
  ARROW_RETURN_NOT_OK(table.FindOrAdd(piece.keys.data(), piece.hashes.data(), nullptr,
                                      sample, groups.data()));
  return 2 * table.size() <= sample;
}

Result<AggregatePiece> Grouped(const AggregateLayout& layout, const AggregatePiece& rows,
                               arrow::MemoryPool* pool) {
  AggregatePart part(layout, *rows.coding, pool);
  ARROW_RETURN_NOT_OK(part.Add(rows, nullptr, rows.rows));
  ARROW_RETURN_NOT_OK(part.Settle());
  AggregatePiece piece(pool);
  piece.coding = rows.coding;
  piece.input_rows = rows.input_rows;
  piece.rows = part.num_groups();
  const auto words = static_cast<size_t>(part.num_groups() * part.table().words());
  ARROW_RETURN_NOT_OK(piece.keys.Append({part.table().keys(), words}));
  ARROW_RETURN_NOT_OK(piece.first_rows.Append(part.first_rows().view()));
  piece.bytes = part.bytes();
  piece.states = part.TakeStates();
  ARROW_RETURN_NOT_OK(piece.Divide());
  return piece;
}

}  // namespace

Result<AggregatePiece> PrepareRows(const AggregateLayout& layout,
                                   const AggregateColumns& columns, bool may_group,
                                   std::shared_ptr<AggregateCoding> coding,
                                   const arrow::RecordBatch& batch,
                                   arrow::MemoryPool* pool) {
  AggregatePiece piece(pool);
  piece.coding = std::move(coding);
  piece.rows = piece.input_rows = batch.num_rows();
  std::vector<std::shared_ptr<arrow::Array>> keys;
  for (const int column : columns.keys) keys.push_back(batch.column(column));
  ARROW_RETURN_NOT_OK(piece.coding->keys().Code(keys, piece.rows, &piece.keys));
  for (size_t i = 0; i < layout.kinds.size(); ++i) {
    const AggregateKind& kind = layout.kinds[i];
    auto values = std::make_unique<AggregateValues>(pool);
    if (columns.arguments[i] >= 0) {
      const auto& column = batch.column(columns.arguments[i]);
      const ValueForm form = FormOf(kind.function, *kind.argument);
      ARROW_ASSIGN_OR_RAISE(*values,
                            AggregateValues::Make(form, kind.argument, column, pool));
      if (form == ValueForm::kCode) {
        ARROW_RETURN_NOT_OK(
            piece.coding->distinct(i)->Code({column}, piece.rows, &values->codes));
      }
    }
    piece.bytes += values->bytes();
    piece.values.push_back(std::move(values));
  }
  ARROW_RETURN_NOT_OK(piece.Divide());
  piece.bytes += piece.rows * (12 + 8 * piece.coding->keys().words());
  if (may_group && !layout.has_distinct) {
    ARROW_ASSIGN_OR_RAISE(const bool shrinks, Shrinks(piece, pool));
    if (shrinks) return Grouped(layout, piece, pool);
  }
  return piece;
}

}  // namespace windrow::op
