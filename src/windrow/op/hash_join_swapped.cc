// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/hash_join_swapped.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "windrow/column/gather.h"
#include "windrow/exec/pipeline.h"
#include "windrow/op/gather_window.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

struct MatchedKeys : exec::Prepared {
  MatchedKeys(std::shared_ptr<arrow::RecordBatch> batch, arrow::MemoryPool* pool)
      : batch(std::move(batch)), matches(pool) {}
  std::shared_ptr<arrow::RecordBatch> batch;
  column::KeyMatches matches;
};

}  // namespace

HashJoinSwapped::HashJoinSwapped(Options options,
                                 std::shared_ptr<arrow::Schema> right_schema,
                                 std::shared_ptr<BuiltSide> left,
                                 std::shared_ptr<exec::RowStore> right_rows,
                                 exec::RunContext* context, exec::StepMetrics* metrics)
    : options_(std::move(options)),
      left_(std::move(left)),
      right_rows_(std::move(right_rows)),
      context_(context),
      metrics_(metrics),
      matches_(context->pool),
      pair_left_(context->pool),
      pair_right_(context->pool) {
  if (right_rows_ != nullptr) return;
  kept_ = std::make_shared<RetainedRows>(std::move(right_schema));
  right_rows_ = kept_;
}

Result<std::unique_ptr<exec::Prepared>> HashJoinSwapped::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOf(*batch, options_.key_columns,
                                                left_->table.layout(), context_->pool));
  auto matched = std::make_unique<MatchedKeys>(std::move(batch), context_->pool);
  ARROW_RETURN_NOT_OK(
      left_->table.Match(keys, /*keep_unmatched=*/false, &matched->matches));
  if (matched->matches.probe_rows.empty()) return nullptr;
  return matched;
}

Status HashJoinSwapped::Consume(std::unique_ptr<exec::Prepared> prepared,
                                exec::Emitter*) {
  const auto& matched = static_cast<const MatchedKeys&>(*prepared);
  const auto& build_rows = matched.matches.build_rows;
  if (matches_.empty()) ARROW_RETURN_NOT_OK(matches_.Assign(left_->table.num_rows(), 0));
  for (const uint32_t left_row : build_rows) {
    // Saturates: a semi join only asks whether there is one, others have room (pairs are
    // held in memory, 12 bytes each).
    if (matches_[left_row] != UINT32_MAX) ++matches_[left_row];
  }
  if (is_existence()) return Status::OK();
  ARROW_RETURN_NOT_OK(pair_left_.Append(build_rows.view()));
  ARROW_RETURN_NOT_OK(pair_right_.Reserve(pair_left_.size()));
  if (kept_ != nullptr) {
    const int64_t first_row = kept_->chunk_offsets().back();
    for (const uint32_t probe_row : matched.matches.probe_rows) {
      ARROW_RETURN_NOT_OK(pair_right_.Append(first_row + probe_row));
    }
    kept_->Add(matched.batch);
    return Status::OK();
  }
  const auto numbers = RowNumbersOf(*matched.batch, options_.row_number_column);
  for (const uint32_t probe_row : matched.matches.probe_rows) {
    ARROW_RETURN_NOT_OK(pair_right_.Append(numbers[probe_row]));
  }
  return Status::OK();
}

/// A counting sort of the pairs by left row, with the left rows that have no partner
/// where the join kind keeps them.
Status HashJoinSwapped::OrderByLeft(column::PoolVector<int64_t>* left_rows,
                                    column::PoolVector<int64_t>* right_rows) {
  const int64_t num_left = left_->table.num_rows();
  if (matches_.empty()) ARROW_RETURN_NOT_OK(matches_.Assign(num_left, 0));
  auto outputs_of = [&](int64_t left_row) -> int64_t {
    const uint32_t matches = matches_[left_row];
    switch (options_.kind) {
      case JoinKind::kInner:
        return matches;
      case JoinKind::kLeft:
        return std::max<uint32_t>(matches, 1);
      case JoinKind::kSemi:
        return matches > 0 ? 1 : 0;
      case JoinKind::kAnti:
        return matches > 0 ? 0 : 1;
    }
    return 0;
  };
  column::PoolVector<int64_t> next(context_->pool);
  ARROW_RETURN_NOT_OK(next.Resize(num_left));
  int64_t total = 0;
  for (int64_t row = 0; row < num_left; ++row) {
    next[row] = total;
    total += outputs_of(row);
  }
  ARROW_RETURN_NOT_OK(left_rows->Resize(total));
  for (int64_t row = 0; row < num_left; ++row) {
    const int64_t number = left_->RowNumber(static_cast<uint32_t>(row));
    std::fill_n(left_rows->data() + next[row], outputs_of(row), number);
  }
  if (is_existence()) return Status::OK();
  ARROW_RETURN_NOT_OK(right_rows->Assign(total, column::kNoRow));
  for (int64_t i = 0; i < pair_left_.size(); ++i) {
    (*right_rows)[next[pair_left_[i]]++] = pair_right_[i];
  }
  return Status::OK();
}

Status HashJoinSwapped::Finish(exec::Emitter* emitter) {
  column::PoolVector<int64_t> left_rows(context_->pool);
  column::PoolVector<int64_t> right_rows(context_->pool);
  ARROW_RETURN_NOT_OK(OrderByLeft(&left_rows, &right_rows));
  // Windows of rows need the memory more.
  left_->table.DropKeys();
  matches_ = column::PoolVector<uint32_t>(context_->pool);
  pair_left_ = column::PoolVector<uint32_t>(context_->pool);
  pair_right_ = column::PoolVector<int64_t>(context_->pool);
  int64_t window_rows =
      WindowRows(*options_.output.schema,
                 {{left_->rows.get(), {}, options_.output.left_columns},
                  {right_rows_.get(), {}, options_.output.right_columns}},
                 *context_);
  // Large windows save reading mapped pages again; rows that are kept have no such cost,
  // and take memory already.
  if (kept_ != nullptr) window_rows = std::max<int64_t>(1, window_rows / 8);
  for (int64_t start = 0; start < left_rows.size(); start += window_rows) {
    const auto rows =
        static_cast<size_t>(std::min(window_rows, left_rows.size() - start));
    std::vector<WindowSide> sides = {{left_->rows.get(),
                                      left_rows.view().subspan(start, rows),
                                      options_.output.left_columns}};
    if (!is_existence()) {
      sides.push_back({right_rows_.get(), right_rows.view().subspan(start, rows),
                       options_.output.right_columns});
    }
    ARROW_RETURN_NOT_OK(
        GatherWindow(options_.output.schema, sides, context_, metrics_,
                     [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
                       return emitter->Emit(exec::CutIntoMorsels(batch, *context_));
                     }));
  }
  return Status::OK();
}

}  // namespace windrow::op
