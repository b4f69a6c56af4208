// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_piece.h"

#include <arrow/type.h>

#include <algorithm>

namespace windrow::op {

AggregateCoding::AggregateCoding(const AggregateLayout& layout, exec::RunContext* context)
    : keys_(layout.key_types, /*has_nulls=*/true, context) {
  for (const AggregateKind& kind : layout.kinds) {
    const bool is_distinct = kind.function == column::Aggregate::kCountDistinct;
    distinct_.push_back(is_distinct
                            ? std::make_unique<GroupCoding>(std::vector{kind.argument},
                                                            /*has_nulls=*/false, context)
                            : nullptr);
  }
}

int64_t AggregateCoding::bytes() const {
  int64_t bytes = keys_.bytes();
  for (const auto& coding : distinct_) bytes += coding == nullptr ? 0 : coding->bytes();
  return bytes;
}

AggregatePiece::AggregatePiece(arrow::MemoryPool* pool)
    : keys(pool), hashes(pool), first_rows(pool), order(pool) {}

Status AggregatePiece::Divide() {
  ARROW_RETURN_NOT_OK(hashes.Resize(rows));
  ARROW_RETURN_NOT_OK(order.Resize(rows));
  column::GroupTable::Hash(keys.data(), coding->keys().words(), rows, hashes.data());
  constexpr int kShift = 64 - kPartBits;
  starts.fill(0);
  for (const uint64_t hash : hashes) ++starts[(hash >> kShift) + 1];
  for (int part = 0; part < kParts; ++part) starts[part + 1] += starts[part];
  std::array<uint32_t, kParts> next;
  std::copy_n(starts.begin(), kParts, next.begin());
  for (int64_t row = 0; row < rows; ++row) {
    order[next[hashes[row] >> kShift]++] = static_cast<uint32_t>(row);
  }
  return Status::OK();
}

AggregatePart::AggregatePart(const AggregateLayout& layout, const AggregateCoding& coding,
                             arrow::MemoryPool* pool)
    : pool_(pool), table_(coding.keys().words(), pool), first_rows_(pool) {
  for (size_t i = 0; i < layout.kinds.size(); ++i) {
    const GroupCoding* distinct = coding.distinct(i);
    states_.push_back(MakeAggregateState(
        layout.kinds[i], distinct == nullptr ? 0 : distinct->bits(), pool));
  }
}

Status AggregatePart::Add(const AggregatePiece& piece, const uint32_t* rows,
                          int64_t count) {
  column::PoolVector<uint32_t> groups(pool_);
  ARROW_RETURN_NOT_OK(groups.Resize(count));
  const int64_t known = table_.size();
  ARROW_RETURN_NOT_OK(table_.FindOrAdd(piece.keys.data(), piece.hashes.data(), rows,
                                       count, groups.data()));
  // New groups have the numbers from `known` on, in the order of their first rows.
  ARROW_RETURN_NOT_OK(first_rows_.Reserve(table_.size()));
  for (int64_t i = 0, next = known; next < table_.size(); ++i) {
    if (groups[i] != next) continue;
    ARROW_RETURN_NOT_OK(
        first_rows_.Append(piece.first_row_of(rows == nullptr ? i : rows[i])));
    ++next;
  }
  for (size_t i = 0; i < states_.size(); ++i) {
    AggregateState& state = *states_[i];
    if (piece.is_grouped()) {
      const AggregateState* from = piece.states[i].get();
      const bool have_values = from != nullptr && from->has_values();
      ARROW_RETURN_NOT_OK(state.Resize(table_.size(), have_values));
      if (from == nullptr) continue;
      ARROW_RETURN_NOT_OK(state.Merge(*from, rows, count, groups.data()));
    } else {
      const AggregateValues* from = piece.values[i].get();
      const bool have_values = from != nullptr && !from->has_nulls();
      ARROW_RETURN_NOT_OK(state.Resize(table_.size(), have_values));
      if (from == nullptr) continue;
      ARROW_RETURN_NOT_OK(state.Update(*from, rows, count, groups.data()));
    }
  }
  return Status::OK();
}

Status AggregatePart::Settle() {
  for (const auto& state : states_) ARROW_RETURN_NOT_OK(state->Settle());
  return Status::OK();
}

Status AggregatePart::AddEmptyGroup() {
  const uint64_t hash = 0;
  uint32_t group = 0;
  ARROW_RETURN_NOT_OK(table_.FindOrAdd(nullptr, &hash, nullptr, 1, &group));
  ARROW_RETURN_NOT_OK(first_rows_.Append(0));
  for (const auto& state : states_) ARROW_RETURN_NOT_OK(state->Resize(1, false));
  return Status::OK();
}

int64_t AggregatePart::bytes() const {
  int64_t bytes = table_.bytes() + first_rows_.size() * 8;
  for (const auto& state : states_) bytes += state->bytes();
  return bytes;
}

}  // namespace windrow::op
