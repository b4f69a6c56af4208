// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/join_pairs.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/column/gather.h"
#include "windrow/exec/evaluate.h"

namespace windrow::op {

using column::KeyMatches;
using column::KeyTable;

JoinPairs::JoinPairs(const Options& options, std::shared_ptr<arrow::RecordBatch> batch,
                     const BuiltSide* right, const exec::RunContext* context)
    : options_(options), batch_(std::move(batch)), right_(right), context_(context) {}

Result<std::unique_ptr<JoinPairs>> JoinPairs::Make(
    const Options& options, std::shared_ptr<arrow::RecordBatch> batch,
    const BuiltSide* right, const exec::RunContext* context) {
  std::unique_ptr<JoinPairs> pairs(
      new JoinPairs(options, std::move(batch), right, context));
  ARROW_RETURN_NOT_OK(pairs->Count());
  return pairs;
}

Status JoinPairs::Count() {
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOf(*batch_, *options_.key_columns,
                                                right_->table.layout(), context_->pool));
  counts_.resize(static_cast<size_t>(batch_->num_rows()));
  return right_->table.CountMatches(keys, counts_);
}

Status JoinPairs::Next(KeyMatches* matches) {
  WINDROW_CHECK(!done());
  ARROW_RETURN_NOT_OK(context_->stop.Poll());
  const int64_t begin = next_row_;
  int64_t pairs = counts_[begin];
  for (++next_row_; !done() && pairs + counts_[next_row_] <= kPairsMax; ++next_row_) {
    pairs += counts_[next_row_];
  }
  KeyMatches found(context_->pool);
  if (pairs > 0) {
    ARROW_ASSIGN_OR_RAISE(
        const auto keys,
        KeysOf(*batch_->Slice(begin, next_row_ - begin), *options_.key_columns,
               right_->table.layout(), context_->pool));
    ARROW_RETURN_NOT_OK(right_->table.Match(keys, /*keep_unmatched=*/false, &found));
    for (uint32_t& row : found.probe_rows) row += static_cast<uint32_t>(begin);
  }
  KeyMatches joined(context_->pool);
  for (int64_t start = 0; start < found.probe_rows.size(); start += kPairsMax) {
    const auto size = std::min(kPairsMax, found.probe_rows.size() - start);
    ARROW_RETURN_NOT_OK(AppendJoined(found.probe_rows.view().subspan(start, size),
                                     found.build_rows.view().subspan(start, size),
                                     &joined));
  }
  int64_t next = 0;
  for (int64_t row = begin; row < next_row_; ++row) {
    const int64_t first = next;
    while (next < joined.probe_rows.size() && joined.probe_rows[next] == row) ++next;
    const auto partners =
        joined.build_rows.view().subspan(first, static_cast<size_t>(next - first));
    if (partners.empty() && options_.kind == JoinKind::kLeft) {
      ARROW_RETURN_NOT_OK(matches->probe_rows.Append(static_cast<uint32_t>(row)));
      ARROW_RETURN_NOT_OK(matches->build_rows.Append(KeyTable::kNoBuildRow));
    }
    ARROW_RETURN_NOT_OK(matches->probe_rows.Append(
        joined.probe_rows.view().subspan(first, partners.size())));
    ARROW_RETURN_NOT_OK(matches->build_rows.Append(partners));
  }
  return Status::OK();
}

/// Appends the pairs for which the condition is true: neither false nor null.
Status JoinPairs::AppendJoined(std::span<const uint32_t> left,
                               std::span<const uint32_t> right,
                               KeyMatches* joined) const {
  if (options_.condition == nullptr) {
    ARROW_RETURN_NOT_OK(joined->probe_rows.Append(left));
    return joined->build_rows.Append(right);
  }
  const auto pairs = GatherPairs(left, right);
  if (pairs.status().IsCapacityError() && left.size() > 1) {
    const size_t half = left.size() / 2;
    ARROW_RETURN_NOT_OK(AppendJoined(left.first(half), right.first(half), joined));
    return AppendJoined(left.subspan(half), right.subspan(half), joined);
  }
  ARROW_RETURN_NOT_OK(pairs.status());
  ARROW_ASSIGN_OR_RAISE(const auto mask,
                        exec::Evaluate(options_.condition->predicate, **pairs,
                                       context_->pool, options_.condition->text));
  const auto& is_true = static_cast<const arrow::BooleanArray&>(*mask);
  for (size_t pair = 0; pair < left.size(); ++pair) {
    const auto row = static_cast<int64_t>(pair);
    if (!is_true.IsValid(row) || !is_true.Value(row)) continue;
    ARROW_RETURN_NOT_OK(joined->probe_rows.Append(left[pair]));
    ARROW_RETURN_NOT_OK(joined->build_rows.Append(right[pair]));
  }
  return Status::OK();
}

/// What the condition reads of these pairs.
Result<std::shared_ptr<arrow::RecordBatch>> JoinPairs::GatherPairs(
    std::span<const uint32_t> left, std::span<const uint32_t> right) const {
  const PairCondition& condition = *options_.condition;
  arrow::ArrayVector columns;
  const auto next_type = [&] {
    return condition.schema->field(static_cast<int>(columns.size()))->type();
  };
  for (const int column : condition.left_columns) {
    ARROW_ASSIGN_OR_RAISE(
        auto array,
        column::CompactRows(next_type(), batch_->column(column), left, context_->pool));
    columns.push_back(std::move(array));
  }
  if (!condition.right_columns.empty()) {
    std::vector<int64_t> rows(right.size());
    std::transform(right.begin(), right.end(), rows.begin(),
                   [&](uint32_t row) { return right_->RowNumber(row); });
    ARROW_ASSIGN_OR_RAISE(
        const column::GatherOrder order,
        column::MakeGatherOrder(rows, right_->rows->chunk_offsets(), context_->pool));
    for (const int column : condition.right_columns) {
      arrow::ArrayVector chunks(order.ranges.size());
      for (size_t range = 0; range < chunks.size(); ++range) {
        ARROW_ASSIGN_OR_RAISE(
            chunks[range], right_->rows->LoadColumn(order.ranges[range].chunk, column));
      }
      ARROW_ASSIGN_OR_RAISE(auto array,
                            column::Gather(next_type(), chunks, order, context_->pool));
      columns.push_back(std::move(array));
    }
  }
  return arrow::RecordBatch::Make(condition.schema, static_cast<int64_t>(left.size()),
                                  std::move(columns));
}

}  // namespace windrow::op
