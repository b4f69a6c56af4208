// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_spill.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "windrow/column/ordered_key.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/aggregate_distinct.h"
#include "windrow/op/collect_piece.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

namespace {

arrow::FieldVector KeyFields(const AggregateLayout& layout) {
  arrow::FieldVector fields;
  for (const auto& type : layout.key_types) fields.push_back(arrow::field("key", type));
  return fields;
}

std::shared_ptr<arrow::Schema> GroupsSchema(const AggregateLayout& layout) {
  arrow::FieldVector fields = KeyFields(layout);
  fields.push_back(arrow::field("first_row", arrow::int64()));
  for (const AggregateKind& kind : layout.kinds) {
    for (const auto& type : SavedTypes(kind)) {
      fields.push_back(arrow::field("state", type));
    }
  }
  return arrow::schema(std::move(fields));
}

/// Positions sorted by share; starts[s] is the first of share s.
template <size_t kStarts>
std::vector<uint32_t> InShares(const std::vector<uint8_t>& shares,
                               std::array<int64_t, kStarts>* starts) {
  starts->fill(0);
  for (const uint8_t share : shares) ++(*starts)[share + 1];
  for (size_t s = 1; s < kStarts; ++s) (*starts)[s] += (*starts)[s - 1];
  auto next = *starts;
  std::vector<uint32_t> order(shares.size());
  for (size_t i = 0; i < shares.size(); ++i) {
    order[static_cast<size_t>(next[shares[i]]++)] = static_cast<uint32_t>(i);
  }
  return order;
}

/// The keys of `groups`, one after the other.
Status GatherKeys(const column::GroupTable& table, std::span<const uint32_t> groups,
                  column::PoolVector<uint64_t>* keys) {
  const int words = table.words();
  ARROW_RETURN_NOT_OK(keys->Resize(static_cast<int64_t>(groups.size()) * words));
  uint64_t* out = keys->data();
  for (const uint32_t group : groups) out = std::copy_n(table.key(group), words, out);
  return Status::OK();
}

}  // namespace

AggregateSpill::AggregateSpill(const AggregateLayout& layout, int level,
                               exec::RunContext* context)
    : layout_(layout), level_(level), context_(context), pool_(SpillPoolOf(*context)) {}

Result<std::unique_ptr<AggregateSpill>> AggregateSpill::Make(
    const AggregateLayout& layout, int level, exec::RunContext* context,
    exec::StepMetrics* metrics) {
  std::unique_ptr<AggregateSpill> spill(new AggregateSpill(layout, level, context));
  const auto open = [&](int aggregate, std::shared_ptr<arrow::Schema> schema) -> Status {
    Kept kept{aggregate, nullptr, {}};
    ARROW_ASSIGN_OR_RAISE(kept.file,
                          exec::SpillFile::Make(std::move(schema), context, metrics));
    spill->kept_.push_back(std::move(kept));
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(open(-1, GroupsSchema(layout)));
  for (size_t i = 0; i < layout.kinds.size(); ++i) {
    if (layout.kinds[i].function != column::Aggregate::kCountDistinct) continue;
    arrow::FieldVector fields = KeyFields(layout);
    fields.push_back(arrow::field("value", layout.kinds[i].argument));
    ARROW_RETURN_NOT_OK(open(static_cast<int>(i), arrow::schema(std::move(fields))));
  }
  return spill;
}

/// By group. Codes differ from run to run of a coding, so it is values that are hashed.
Result<std::vector<uint8_t>> AggregateSpill::SharesOf(
    const AggregatePart& part, const AggregateCoding& coding) const {
  std::vector<uint8_t> shares(static_cast<size_t>(part.num_groups()), 0);
  if (layout_.key_types.empty()) return shares;
  ARROW_ASSIGN_OR_RAISE(
      const std::vector<ArrayPtr> keys,
      coding.keys().Decode(part.table().keys(), part.num_groups(), false, pool_));
  ArrayPtr encoded = keys[0];
  if (!column::IsOwnKey(layout_.key_types)) {
    ARROW_ASSIGN_OR_RAISE(encoded, column::EncodeOrderedKeys(keys, pool_));
  }
  const auto fill = [&](const auto& bytes) {
    for (int64_t i = 0; i < bytes.length(); ++i) {
      const std::string_view key =
          bytes.IsNull(i) ? std::string_view() : bytes.GetView(i);
      const uint64_t hash = XXH3_64bits(key.data(), key.size());
      shares[static_cast<size_t>(i)] =
          static_cast<uint8_t>((hash >> (level_ * kShareBits)) % kShares);
    }
  };
  if (arrow::is_large_binary_like(encoded->type_id())) {
    fill(static_cast<const arrow::LargeBinaryArray&>(*encoded));
  } else {
    fill(static_cast<const arrow::BinaryArray&>(*encoded));
  }
  return shares;
}

Result<AggregateSpill::Shared> AggregateSpill::SaveGroups(
    const AggregatePart& part, const AggregateCoding& coding,
    const std::vector<uint8_t>& shares) const {
  Shared shared;
  const std::vector<uint32_t> order = InShares(shares, &shared.starts);
  const auto count = static_cast<int64_t>(order.size());
  column::PoolVector<uint64_t> keys(pool_);
  ARROW_RETURN_NOT_OK(GatherKeys(part.table(), order, &keys));
  ARROW_ASSIGN_OR_RAISE(std::vector<ArrayPtr> columns,
                        coding.keys().Decode(keys.data(), count, false, pool_));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> rows,
                        arrow::AllocateBuffer(count * 8, pool_));
  auto* out = reinterpret_cast<int64_t*>(rows->mutable_data());
  for (const uint32_t group : order) *out++ = part.first_rows()[group];
  columns.push_back(std::make_shared<arrow::Int64Array>(count, std::move(rows)));
  for (size_t i = 0; i < layout_.kinds.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(std::vector<ArrayPtr> saved, part.state(i).Save(order, pool_));
    for (ArrayPtr& column : saved) columns.push_back(std::move(column));
  }
  shared.rows = arrow::RecordBatch::Make(GroupsSchema(layout_), count, columns);
  return shared;
}

Result<AggregateSpill::Shared> AggregateSpill::SavePairs(
    const AggregatePart& part, const AggregateCoding& coding,
    const std::vector<uint8_t>& shares, int aggregate) const {
  const auto index = static_cast<size_t>(aggregate);
  const auto& state = static_cast<const DistinctState&>(part.state(index));
  std::vector<uint8_t> pair_shares(static_cast<size_t>(state.num_pairs()));
  for (size_t pair = 0; pair < pair_shares.size(); ++pair) {
    pair_shares[pair] = shares[state.group_of(static_cast<int64_t>(pair))];
  }
  Shared shared;
  const std::vector<uint32_t> order = InShares(pair_shares, &shared.starts);
  const auto count = static_cast<int64_t>(order.size());
  std::vector<uint32_t> groups;
  column::PoolVector<uint64_t> codes(pool_);
  ARROW_RETURN_NOT_OK(codes.Resize(count));
  for (size_t i = 0; i < order.size(); ++i) {
    groups.push_back(state.group_of(order[i]));
    codes[static_cast<int64_t>(i)] = state.code_of(order[i]);
  }
  column::PoolVector<uint64_t> keys(pool_);
  ARROW_RETURN_NOT_OK(GatherKeys(part.table(), groups, &keys));
  ARROW_ASSIGN_OR_RAISE(std::vector<ArrayPtr> columns,
                        coding.keys().Decode(keys.data(), count, false, pool_));
  ARROW_ASSIGN_OR_RAISE(
      const std::vector<ArrayPtr> values,
      coding.distinct(index)->Decode(codes.data(), count, false, pool_));
  columns.push_back(values[0]);
  arrow::FieldVector fields = KeyFields(layout_);
  fields.push_back(arrow::field("value", layout_.kinds[index].argument));
  shared.rows =
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), count, columns);
  return shared;
}

Status AggregateSpill::Write(std::span<std::unique_ptr<AggregatePart>> parts,
                             const AggregateCoding& coding) {
  std::vector<std::vector<Shared>> saved(kept_.size());
  for (auto& of_parts : saved) of_parts.resize(parts.size());
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      static_cast<int64_t>(parts.size()), [&](int64_t index) -> Status {
        const auto p = static_cast<size_t>(index);
        if (parts[p] == nullptr || parts[p]->num_groups() == 0) return Status::OK();
        ARROW_ASSIGN_OR_RAISE(const std::vector<uint8_t> shares,
                              SharesOf(*parts[p], coding));
        for (size_t k = 0; k < kept_.size(); ++k) {
          if (kept_[k].aggregate < 0) {
            ARROW_ASSIGN_OR_RAISE(saved[k][p], SaveGroups(*parts[p], coding, shares));
          } else {
            ARROW_ASSIGN_OR_RAISE(
                saved[k][p], SavePairs(*parts[p], coding, shares, kept_[k].aggregate));
          }
        }
        parts[p].reset();
        return Status::OK();
      }));
  for (size_t k = 0; k < kept_.size(); ++k) {
    ARROW_RETURN_NOT_OK(Append(saved[k], &kept_[k]));
    saved[k].clear();
  }
  return Status::OK();
}

/// One block for each share that has rows.
Status AggregateSpill::Append(const std::vector<Shared>& parts, Kept* kept) {
  return context_->slots->ParallelFor(kShares, [&](int64_t index) -> Status {
    const auto share = static_cast<size_t>(index);
    std::vector<BatchPtr> slices;
    for (const Shared& part : parts) {
      if (part.rows == nullptr || part.starts[share] == part.starts[share + 1]) continue;
      slices.push_back(part.rows->Slice(part.starts[share],
                                        part.starts[share + 1] - part.starts[share]));
    }
    if (slices.empty()) return Status::OK();
    std::vector<ArrayPtr> columns;
    int64_t rows = 0;
    for (const BatchPtr& slice : slices) rows += slice->num_rows();
    for (int c = 0; c < slices[0]->num_columns(); ++c) {
      arrow::ArrayVector pieces;
      for (const BatchPtr& slice : slices) pieces.push_back(slice->column(c));
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::Concatenate(pieces, pool_));
    }
    const BatchPtr joined =
        arrow::RecordBatch::Make(slices[0]->schema(), rows, std::move(columns));
    ARROW_ASSIGN_OR_RAISE(const exec::SpillFile::Block block,
                          kept->file->Append(*joined));
    kept->blocks[share].push_back(block);
    return Status::OK();
  });
}

int64_t AggregateSpill::num_blocks(int share) const {
  int64_t blocks = 0;
  for (const Kept& kept : kept_) {
    blocks += static_cast<int64_t>(kept.blocks[static_cast<size_t>(share)].size());
  }
  return blocks;
}

Result<AggregatePiece> AggregateSpill::Read(
    int share, int64_t block, std::shared_ptr<AggregateCoding> coding) const {
  const Kept* kept = kept_.data();
  auto place = static_cast<size_t>(block);
  while (place >= kept->blocks[static_cast<size_t>(share)].size()) {
    place -= kept->blocks[static_cast<size_t>(share)].size();
    ++kept;
  }
  arrow::MemoryPool* pool = context_->pool;
  ARROW_ASSIGN_OR_RAISE(
      const BatchPtr batch,
      kept->file->Read(kept->blocks[static_cast<size_t>(share)][place], pool));
  AggregatePiece piece(pool);
  piece.coding = std::move(coding);
  piece.rows = batch->num_rows();
  size_t next = 0;
  std::vector<ArrayPtr> keys;
  for (; next < layout_.key_types.size(); ++next) {
    keys.push_back(batch->column(static_cast<int>(next)));
  }
  ARROW_RETURN_NOT_OK(piece.coding->keys().Code(keys, piece.rows, &piece.keys));
  if (kept->aggregate >= 0) {
    // Its groups came with an earlier block.
    ARROW_RETURN_NOT_OK(
        piece.first_rows.Assign(piece.rows, std::numeric_limits<int64_t>::max()));
    piece.values.resize(layout_.kinds.size());
    auto values = std::make_unique<AggregateValues>(pool);
    values->form = ValueForm::kCode;
    GroupCoding* distinct = piece.coding->distinct(static_cast<size_t>(kept->aggregate));
    ARROW_RETURN_NOT_OK(distinct->Code({batch->column(static_cast<int>(next))},
                                       piece.rows, &values->codes));
    piece.values[static_cast<size_t>(kept->aggregate)] = std::move(values);
  } else {
    const auto& rows =
        static_cast<const arrow::Int64Array&>(*batch->column(static_cast<int>(next++)));
    ARROW_RETURN_NOT_OK(
        piece.first_rows.Append({rows.raw_values(), static_cast<size_t>(rows.length())}));
    for (const AggregateKind& kind : layout_.kinds) {
      std::vector<ArrayPtr> columns;
      for (size_t i = 0; i < SavedTypes(kind).size(); ++i) {
        columns.push_back(batch->column(static_cast<int>(next++)));
      }
      if (columns.empty()) {
        piece.states.push_back(nullptr);
        continue;
      }
      piece.states.push_back(MakeAggregateState(kind, 0, pool));
      ARROW_RETURN_NOT_OK(piece.states.back()->Load(columns));
    }
  }
  ARROW_RETURN_NOT_OK(piece.Divide());
  return piece;
}

}  // namespace windrow::op
