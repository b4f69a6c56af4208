// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/hash_join_probe.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <numeric>

#include "windrow/column/gather.h"
#include "windrow/column/value_bytes.h"
#include "windrow/exec/pipeline.h"
#include "windrow/op/gather_window.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

using column::KeyTable;

struct MatchedBatch : exec::Prepared {
  MatchedBatch(std::shared_ptr<arrow::RecordBatch> batch, arrow::MemoryPool* pool)
      : batch(std::move(batch)), matches(pool) {}
  std::shared_ptr<arrow::RecordBatch> batch;
  column::KeyMatches matches;
  std::unique_ptr<JoinPairs> rest;  ///< pairs of the batch not found yet; null: none
};

/// Offsets of a mapped column are as stored, so what is found by them is not believed.
constexpr int64_t kRowBytesMax = int64_t{1} << 31;

/// Mean bytes of the values of a row that is held; 0 where that is not known.
int64_t RowBytes(const exec::RowStore& rows) {
  const auto* held = dynamic_cast<const RetainedRows*>(&rows);
  if (held == nullptr || held->chunk_offsets().back() == 0) return 0;
  return std::clamp<int64_t>(held->value_bytes() / held->chunk_offsets().back(), 0,
                             kRowBytesMax);
}

/// Takes pairs until there are many or no more.
Status TakePairs(JoinPairs* pairs, column::KeyMatches* matches) {
  while (!pairs->done() && matches->probe_rows.size() < HashJoinProbe::kWaitingPairsMax) {
    ARROW_RETURN_NOT_OK(pairs->Next(matches));
  }
  return Status::OK();
}

/// Replaces the batch by its joined rows when they are much fewer, as the batch waits for
/// its window to fill.
Status KeepJoinedRows(arrow::MemoryPool* pool, MatchedBatch* matched) {
  auto& rows = matched->matches.probe_rows;
  if (rows.size() > matched->batch->num_rows() / 2) return Status::OK();
  arrow::ArrayVector columns;
  for (const auto& column : matched->batch->columns()) {
    ARROW_ASSIGN_OR_RAISE(auto kept,
                          column::CompactRows(column->type(), column, rows.view(), pool));
    columns.push_back(std::move(kept));
  }
  matched->batch =
      arrow::RecordBatch::Make(matched->batch->schema(), rows.size(), std::move(columns));
  std::iota(rows.begin(), rows.end(), 0u);
  return Status::OK();
}

}  // namespace

HashJoinProbe::HashJoinProbe(Options options, std::shared_ptr<arrow::Schema> left_schema,
                             std::shared_ptr<const BuiltSide> right,
                             exec::RunContext* context, exec::StepMetrics* metrics)
    : options_(std::move(options)),
      left_schema_(std::move(left_schema)),
      right_(std::move(right)),
      context_(context),
      metrics_(metrics),
      window_bytes_(WindowBytes({{right_->rows.get(), {}, options_.output.right_columns}},
                                *context)),
      window_rows_(WindowRows(*options_.output.schema,
                              {{right_->rows.get(), {}, options_.output.right_columns}},
                              *context)),
      right_row_bytes_(RowBytes(*right_->rows)) {}

Result<std::unique_ptr<exec::Prepared>> HashJoinProbe::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  if (finds_piecewise()) return PreparePairs(std::move(batch));
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOf(*batch, options_.key_columns,
                                                right_->table.layout(), context_->pool));
  auto matched = std::make_unique<MatchedBatch>(std::move(batch), context_->pool);
  ARROW_RETURN_NOT_OK(
      right_->table.Match(keys, options_.kind == JoinKind::kLeft, &matched->matches));
  if (matched->matches.probe_rows.empty()) return nullptr;
  ARROW_RETURN_NOT_OK(KeepJoinedRows(context_->pool, matched.get()));
  return matched;
}

Result<std::unique_ptr<exec::Prepared>> HashJoinProbe::PreparePairs(
    std::shared_ptr<arrow::RecordBatch> batch) {
  const JoinPairs::Options options{
      options_.kind, &options_.key_columns,
      options_.condition.has_value() ? &*options_.condition : nullptr};
  ARROW_ASSIGN_OR_RAISE(auto pairs,
                        JoinPairs::Make(options, batch, right_.get(), context_));
  auto matched = std::make_unique<MatchedBatch>(std::move(batch), context_->pool);
  ARROW_RETURN_NOT_OK(TakePairs(pairs.get(), &matched->matches));
  if (!pairs->done()) {
    matched->rest = std::move(pairs);
  } else if (matched->matches.probe_rows.empty()) {
    return nullptr;
  } else {
    ARROW_RETURN_NOT_OK(KeepJoinedRows(context_->pool, matched.get()));
  }
  return matched;
}

Status HashJoinProbe::Consume(std::unique_ptr<exec::Prepared> prepared,
                              exec::Emitter* emitter) {
  auto& matched = static_cast<MatchedBatch&>(*prepared);
  const std::shared_ptr<arrow::RecordBatch> batch = matched.batch;
  const std::unique_ptr<JoinPairs> rest = std::move(matched.rest);
  ARROW_RETURN_NOT_OK(Wait(std::move(prepared), emitter));
  while (rest != nullptr && !rest->done()) {
    auto more = std::make_unique<MatchedBatch>(batch, context_->pool);
    ARROW_RETURN_NOT_OK(TakePairs(rest.get(), &more->matches));
    ARROW_RETURN_NOT_OK(Wait(std::move(more), emitter));
  }
  return Status::OK();
}

Status HashJoinProbe::Wait(std::unique_ptr<exec::Prepared> prepared,
                           exec::Emitter* emitter) {
  const auto& matched = static_cast<const MatchedBatch&>(*prepared);
  const int64_t rows = matched.matches.probe_rows.size();
  const int64_t left_rows = std::max<int64_t>(matched.batch->num_rows(), 1);
  const int64_t left_bytes =
      column::ValueBytes(*matched.batch, 0, matched.batch->num_rows());
  waiting_rows_ += rows;
  waiting_bytes_ += rows * (std::clamp<int64_t>(left_bytes / left_rows, 0, kRowBytesMax) +
                            right_row_bytes_);
  waiting_.push_back(std::move(prepared));
  const bool is_full = waiting_rows_ >= window_rows_ || waiting_bytes_ >= window_bytes_;
  return is_full ? EmitWindow(emitter) : Status::OK();
}

Status HashJoinProbe::Finish(exec::Emitter* emitter) {
  return waiting_.empty() ? Status::OK() : EmitWindow(emitter);
}

Status HashJoinProbe::EmitWindow(exec::Emitter* emitter) {
  RetainedRows left(left_schema_);
  column::PoolVector<int64_t> left_rows(context_->pool);
  column::PoolVector<int64_t> right_rows(context_->pool);
  ARROW_RETURN_NOT_OK(left_rows.Resize(waiting_rows_));
  ARROW_RETURN_NOT_OK(right_rows.Resize(waiting_rows_));
  int64_t out = 0;
  for (const auto& prepared : waiting_) {
    const auto& matched = static_cast<const MatchedBatch&>(*prepared);
    const int64_t first = left.chunk_offsets().back();
    left.Add(matched.batch);
    for (int64_t i = 0; i < matched.matches.probe_rows.size(); ++i, ++out) {
      left_rows[out] = first + matched.matches.probe_rows[i];
      const uint32_t build_row = matched.matches.build_rows[i];
      right_rows[out] = build_row == KeyTable::kNoBuildRow ? column::kNoRow
                                                           : right_->RowNumber(build_row);
    }
  }
  const int64_t row_bytes =
      std::max<int64_t>(waiting_bytes_ / std::max<int64_t>(out, 1), 1);
  const int64_t window_rows =
      std::clamp<int64_t>(window_bytes_ / row_bytes, 1, window_rows_);
  waiting_.clear();
  waiting_rows_ = 0;
  waiting_bytes_ = 0;
  // Windows never share memory with the next one, so each is cut to a bounded row count
  // even when one batch alone has more partners.
  for (int64_t start = 0; start < out; start += window_rows) {
    const auto rows = static_cast<size_t>(std::min(window_rows, out - start));
    const std::vector<WindowSide> sides = {
        {&left, left_rows.view().subspan(start, rows), options_.output.left_columns},
        {right_->rows.get(), right_rows.view().subspan(start, rows),
         options_.output.right_columns}};
    ARROW_RETURN_NOT_OK(
        GatherWindow(options_.output.schema, sides, context_, metrics_,
                     [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
                       return emitter->Emit(exec::CutIntoMorsels(batch, *context_));
                     }));
  }
  return Status::OK();
}

HashJoinFilter::HashJoinFilter(JoinKind kind, std::vector<int> key_columns,
                               std::optional<PairCondition> condition,
                               std::shared_ptr<arrow::Schema> schema,
                               std::shared_ptr<const BuiltSide> right,
                               exec::RunContext* context)
    : kind_(kind),
      key_columns_(std::move(key_columns)),
      condition_(std::move(condition)),
      schema_(std::move(schema)),
      right_(std::move(right)),
      context_(context) {}

/// Sets (*exists)[row] to 1 where the left row has a partner.
Status HashJoinFilter::FindPartners(const std::shared_ptr<arrow::RecordBatch>& batch,
                                    std::vector<uint8_t>* exists) const {
  if (!condition_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(
        const auto keys,
        KeysOf(*batch, key_columns_, right_->table.layout(), context_->pool));
    return right_->table.Exists(keys, *exists);
  }
  const JoinPairs::Options options{JoinKind::kInner, &key_columns_, &*condition_};
  ARROW_ASSIGN_OR_RAISE(const auto pairs,
                        JoinPairs::Make(options, batch, right_.get(), context_));
  while (!pairs->done()) {
    column::KeyMatches matches(context_->pool);
    ARROW_RETURN_NOT_OK(pairs->Next(&matches));
    for (const uint32_t row : matches.probe_rows) (*exists)[row] = 1;
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> HashJoinFilter::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  std::vector<uint8_t> exists(static_cast<size_t>(batch->num_rows()));
  ARROW_RETURN_NOT_OK(FindPartners(batch, &exists));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateEmptyBitmap(batch->num_rows(), context_->pool));
  const uint8_t wanted = kind_ == JoinKind::kSemi ? 1 : 0;
  for (size_t row = 0; row < exists.size(); ++row) {
    if (exists[row] == wanted) {
      arrow::bit_util::SetBit(bits->mutable_data(), static_cast<int64_t>(row));
    }
  }
  const auto mask = std::make_shared<arrow::BooleanArray>(batch->num_rows(), bits);
  arrow::compute::ExecContext compute(context_->pool);
  compute.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum kept,
      arrow::compute::Filter(batch, mask, arrow::compute::FilterOptions::Defaults(),
                             &compute));
  return kept.record_batch();
}

}  // namespace windrow::op
