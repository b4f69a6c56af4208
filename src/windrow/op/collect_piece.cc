// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect_piece.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/util/byte_size.h>

#include "windrow/base/check.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;

CollectPiece CollectPiece::Slice(int64_t offset, int64_t length) const {
  CollectPiece piece{layout, {}, length, {}};
  for (const ArrayPtr& column : columns)
    piece.columns.push_back(column->Slice(offset, length));
  return piece;
}

arrow::MemoryPool* SpillPoolOf(const exec::RunContext& context) {
  return context.spill_pool != nullptr ? context.spill_pool : context.pool;
}

int64_t CollectPiece::bytes() const {
  int64_t bytes = 0;
  for (const ArrayPtr& column : columns) {
    bytes += arrow::util::ReferencedBufferSize(*column).ValueOr(0);
  }
  return bytes;
}

void CollectPart::Add(Stored block) {
  rows += block.block.rows;
  bytes += block.bytes;
  stored.push_back(std::move(block));
}

void CollectPart::Add(CollectPiece piece) {
  rows += piece.rows;
  bytes += piece.bytes();
  held.push_back(std::move(piece));
}

Result<std::vector<ArrayPtr>> TakeRows(const std::vector<ArrayPtr>& columns,
                                       std::span<const int32_t> order,
                                       arrow::MemoryPool* pool) {
  const arrow::Int32Array indices(static_cast<int64_t>(order.size()),
                                  arrow::Buffer::Wrap(order.data(), order.size()));
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  std::vector<ArrayPtr> taken;
  for (const ArrayPtr& column : columns) {
    ARROW_ASSIGN_OR_RAISE(
        ArrayPtr rows,
        arrow::compute::Take(*column, indices,
                             arrow::compute::TakeOptions::NoBoundsCheck(), &compute));
    taken.push_back(std::move(rows));
  }
  return taken;
}

Status PartitionPiece(std::span<const uint32_t> tags, uint32_t partitions,
                      arrow::MemoryPool* pool, CollectPiece* piece) {
  WINDROW_CHECK(static_cast<int64_t>(tags.size()) == piece->rows);
  piece->starts.assign(partitions + 1, 0);
  for (const uint32_t tag : tags) ++piece->starts[tag + 1];
  for (uint32_t p = 0; p < partitions; ++p) piece->starts[p + 1] += piece->starts[p];
  if (partitions == 1) return Status::OK();
  std::vector<uint32_t> next(piece->starts.begin(), piece->starts.end() - 1);
  column::PoolVector<int32_t> order(pool);
  ARROW_RETURN_NOT_OK(order.Resize(piece->rows));
  for (int64_t row = 0; row < piece->rows; ++row) {
    order[next[tags[static_cast<size_t>(row)]]++] = static_cast<int32_t>(row);
  }
  return TakeRows(piece->columns, order.view(), pool).Value(&piece->columns);
}

Result<CollectPiece> ConcatenatePieces(const std::vector<CollectPiece>& pieces,
                                       arrow::MemoryPool* pool) {
  WINDROW_CHECK(!pieces.empty());
  if (pieces.size() == 1) return pieces[0];
  CollectPiece joined{pieces[0].layout, {}, 0, {}};
  for (const CollectPiece& piece : pieces) {
    WINDROW_CHECK(piece.layout == joined.layout);
    joined.rows += piece.rows;
  }
  for (size_t c = 0; c < pieces[0].columns.size(); ++c) {
    arrow::ArrayVector parts;
    for (const CollectPiece& piece : pieces) parts.push_back(piece.columns[c]);
    ARROW_ASSIGN_OR_RAISE(ArrayPtr column, arrow::Concatenate(parts, pool));
    joined.columns.push_back(std::move(column));
  }
  return joined;
}

}  // namespace windrow::op
