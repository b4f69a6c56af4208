// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_store.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/column/value_bytes.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/aggregate_result.h"
#include "windrow/op/collect_piece.h"

namespace windrow::op {
namespace {

/// Rows or groups aggregated at once: enough for the parts to be worth their tasks, and
/// few enough for the memory of one window to be used again by the next.
constexpr int64_t kWindowRows = 32 * 1024;
constexpr size_t kWindowPieces = 64;
/// Rows of a batch that is taken, by intent.
constexpr int64_t kTakenRows = 16 * 1024;
/// The hash has no more bits to divide by.
constexpr int kLevelsMax = 64 / AggregateSpill::kShareBits;

}  // namespace

AggregateStore::AggregateStore(const AggregateLayout& layout, int level,
                               PrepareBatch prepare, exec::RunContext* context,
                               exec::StepMetrics* metrics)
    : layout_(layout),
      level_(level),
      prepare_(std::move(prepare)),
      context_(context),
      metrics_(metrics),
      pool_(SpillPoolOf(*context)),
      coding_(std::make_shared<AggregateCoding>(layout, context)) {
  if (context_->budget != nullptr) context_->budget->Register(this);
}

AggregateStore::~AggregateStore() { StopSpilling(); }

void AggregateStore::StopSpilling() {
  if (is_closed_.exchange(true) || context_->budget == nullptr) return;
  context_->budget->Unregister(this);
}

std::shared_ptr<AggregateCoding> AggregateStore::coding() const {
  const std::scoped_lock lock(coding_mutex_);
  return coding_;
}

Result<AggregatePiece> AggregateStore::PieceOf(
    std::shared_ptr<arrow::RecordBatch> batch) const {
  if (!has_spilled_) return prepare_(*batch, coding());
  AggregatePiece piece(context_->pool);
  piece.input_rows = batch->num_rows();
  piece.bytes = column::ValueBytes(*batch, 0, batch->num_rows());
  piece.batch = std::move(batch);
  return piece;
}

/// Bytes of prepared pieces that may wait to be aggregated.
int64_t AggregateStore::WindowBytes() const {
  constexpr int64_t kUnbounded = 256 << 20;
  if (context_->budget == nullptr) return kUnbounded;
  return std::min(kUnbounded, context_->budget->budget_bytes() / 16);
}

/// Whether what is held takes more than its share. Writing it takes as much again, and
/// the rest of the run needs its part, most while the input is read.
bool AggregateStore::IsCrowded() const {
  if (context_->budget == nullptr) return false;
  const int64_t budget = context_->budget->budget_bytes();
  const int64_t held = held_bytes_;
  const int64_t others = std::max<int64_t>(0, context_->budget->bytes_allocated() - held);
  return held > budget / (level_ == 0 ? 8 : 4) || 2 * held > budget - others;
}

Status AggregateStore::Add(AggregatePiece piece) {
  piece.base_row = rows_;
  rows_ += piece.input_rows;
  window_bytes_ += piece.bytes;
  window_rows_ += piece.batch == nullptr ? piece.rows : piece.input_rows;
  window_.push_back(std::move(piece));
  const bool is_full = window_rows_ >= kWindowRows || window_.size() >= kWindowPieces ||
                       window_bytes_ >= WindowBytes();
  return is_full ? MergeWindow() : Status::OK();
}

/// Prepares what is left to be.
Status AggregateStore::PrepareWindow() {
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      static_cast<int64_t>(window_.size()),
      [&](int64_t index) -> Status {
        AggregatePiece& piece = window_[static_cast<size_t>(index)];
        if (piece.batch == nullptr) return Status::OK();
        const int64_t base_row = piece.base_row;
        ARROW_ASSIGN_OR_RAISE(piece, prepare_(*piece.batch, coding()));
        piece.base_row = base_row;
        return Status::OK();
      },
      &metrics_->cpu_nanos));
  for (const AggregatePiece& piece : window_) {
    ++num_pieces_;
    if (piece.rows < piece.input_rows) ++num_grouped_;
  }
  return Status::OK();
}

Status AggregateStore::MergeWindow() {
  ARROW_RETURN_NOT_OK(PrepareWindow());
  for (size_t begin = 0; begin < window_.size();) {
    size_t end = begin + 1;
    while (end < window_.size() && window_[end].coding == window_[begin].coding) ++end;
    ARROW_RETURN_NOT_OK(MergeRun(begin, end));
    begin = end;
  }
  window_.clear();
  window_bytes_ = 0;
  window_rows_ = 0;
  return Status::OK();
}

/// Aggregates pieces of one coding.
Status AggregateStore::MergeRun(size_t begin, size_t end) {
  const std::scoped_lock lock(mutex_);
  if (held_coding_ != window_[begin].coding) {
    // Pieces are still coming that were prepared before the last change of coding.
    ARROW_RETURN_NOT_OK(Flush());
    held_coding_ = window_[begin].coding;
  }
  std::atomic<int64_t> bytes = held_coding_->bytes();
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      AggregatePiece::kParts,
      [&](int64_t index) -> Status {
        const auto p = static_cast<size_t>(index);
        std::unique_ptr<AggregatePart>& part = parts_[p];
        for (size_t i = begin; i < end; ++i) {
          const AggregatePiece& piece = window_[i];
          const int64_t count = piece.starts[p + 1] - piece.starts[p];
          if (count == 0) continue;
          if (part == nullptr) {
            part = std::make_unique<AggregatePart>(layout_, *held_coding_, pool_);
          }
          ARROW_RETURN_NOT_OK(
              part->Add(piece, piece.order.data() + piece.starts[p], count));
        }
        if (part == nullptr) return Status::OK();
        ARROW_RETURN_NOT_OK(part->Settle());
        bytes += part->bytes();
        return Status::OK();
      },
      &metrics_->cpu_nanos));
  held_bytes_ = bytes.load();
  if (level_ + 1 < kLevelsMax && IsCrowded()) return Flush();
  return Status::OK();
}

/// Writes all groups to disk and starts anew. The lock is held.
Status AggregateStore::Flush() {
  if (held_coding_ == nullptr) return Status::OK();
  const bool is_empty = std::all_of(parts_.begin(), parts_.end(),
                                    [](const auto& part) { return part == nullptr; });
  if (!is_empty) {
    if (spill_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(spill_,
                            AggregateSpill::Make(layout_, level_, context_, metrics_));
    }
    has_spilled_ = true;
    ARROW_RETURN_NOT_OK(spill_->Write(parts_, *held_coding_));
    for (auto& part : parts_) part.reset();
  }
  const std::scoped_lock lock(coding_mutex_);
  // Dictionaries that would soon fill the share again are not worth keeping.
  if (held_coding_ == coding_ && 4 * coding_->bytes() > held_bytes_) {
    coding_ = std::make_shared<AggregateCoding>(layout_, context_);
  }
  held_coding_.reset();
  held_bytes_ = 0;
  return Status::OK();
}

Status AggregateStore::Spill() {
  const std::scoped_lock lock(mutex_);
  return Flush();
}

Status AggregateStore::Close() {
  ARROW_RETURN_NOT_OK(MergeWindow());
  {
    const std::scoped_lock lock(mutex_);
    if (has_spilled_) ARROW_RETURN_NOT_OK(Flush());
  }
  StopSpilling();
  if (has_spilled_) {
    // Between the two it may have been asked to spill.
    ARROW_RETURN_NOT_OK(Flush());
    coding_.reset();
    return Status::OK();
  }
  const auto has_groups = [](const auto& part) { return part != nullptr; };
  if (layout_.key_types.empty() &&
      std::none_of(parts_.begin(), parts_.end(), has_groups)) {
    held_coding_ = coding();
    parts_[0] = std::make_unique<AggregatePart>(layout_, *held_coding_, pool_);
    ARROW_RETURN_NOT_OK(parts_[0]->AddEmptyGroup());
  }
  for (const auto& part : parts_) {
    if (part != nullptr) num_groups_ += part->num_groups();
  }
  return Status::OK();
}

Status AggregateStore::EmitInOrder(
    const std::function<Status(std::vector<std::shared_ptr<arrow::RecordBatch>>)>& emit) {
  WINDROW_CHECK(is_closed_ && !has_spilled_);
  if (num_groups_ == 0) return Status::OK();
  const AggregateResult result(layout_, *held_coding_, parts_, context_);
  const std::vector<int64_t> cuts = result.Cuts(std::max<int64_t>(rows_, 1));
  const auto at_once = static_cast<size_t>(2 * context_->slots->num_slots());
  for (size_t begin = 0; begin + 1 < cuts.size(); begin += at_once) {
    const size_t count = std::min(at_once, cuts.size() - 1 - begin);
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches(count);
    ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
        static_cast<int64_t>(count),
        [&](int64_t index) -> Status {
          ARROW_RETURN_NOT_OK(context_->stop.Poll());
          const auto i = static_cast<size_t>(index);
          ARROW_ASSIGN_OR_RAISE(batches[i],
                                result.InOrder(cuts[begin + i], cuts[begin + i + 1]));
          return Status::OK();
        },
        &metrics_->cpu_nanos));
    ARROW_RETURN_NOT_OK(emit(std::move(batches)));
  }
  return Status::OK();
}

Status AggregateStore::TakeAll(const Take& take) {
  WINDROW_CHECK(is_closed_);
  if (!has_spilled_) return TakeGroups(take);
  for (int share = 0; share < AggregateSpill::kShares; ++share) {
    ARROW_RETURN_NOT_OK(TakeShare(share, take));
  }
  return Status::OK();
}

Status AggregateStore::TakeGroups(const Take& take) {
  if (num_groups_ == 0) return Status::OK();
  const AggregateResult result(layout_, *held_coding_, parts_, context_);
  std::vector<std::shared_ptr<arrow::RecordBatch>> waiting;
  int64_t rows = 0;
  for (size_t p = 0; p < parts_.size(); ++p) {
    ARROW_RETURN_NOT_OK(context_->stop.Poll());
    if (parts_[p] != nullptr) {
      ARROW_ASSIGN_OR_RAISE(waiting.emplace_back(), result.OfPart(*parts_[p]));
      rows += waiting.back()->num_rows();
      parts_[p].reset();
    }
    if (rows == 0 || (rows < kTakenRows && p + 1 < parts_.size())) continue;
    ARROW_ASSIGN_OR_RAISE(auto joined,
                          arrow::ConcatenateRecordBatches(waiting, context_->pool));
    waiting.clear();
    rows = 0;
    ARROW_RETURN_NOT_OK(take(std::move(joined)));
  }
  return Status::OK();
}

/// What belongs to a share is read, some blocks at once, and aggregated again.
Status AggregateStore::TakeShare(int share, const Take& take) {
  const int64_t blocks = spill_->num_blocks(share);
  if (blocks == 0) return Status::OK();
  AggregateStore merged(layout_, level_ + 1, nullptr, context_, metrics_);
  const int64_t at_once = 2 * context_->slots->num_slots();
  for (int64_t begin = 0; begin < blocks; begin += at_once) {
    const int64_t count = std::min(at_once, blocks - begin);
    std::vector<std::unique_ptr<AggregatePiece>> pieces(static_cast<size_t>(count));
    const std::shared_ptr<AggregateCoding> coding = merged.coding();
    ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
        count,
        [&](int64_t index) -> Status {
          ARROW_RETURN_NOT_OK(context_->stop.Poll());
          ARROW_ASSIGN_OR_RAISE(AggregatePiece piece,
                                spill_->Read(share, begin + index, coding));
          pieces[static_cast<size_t>(index)] =
              std::make_unique<AggregatePiece>(std::move(piece));
          return Status::OK();
        },
        &metrics_->cpu_nanos));
    for (auto& piece : pieces) ARROW_RETURN_NOT_OK(merged.Add(std::move(*piece)));
    ARROW_RETURN_NOT_OK(merged.MergeWindow());
  }
  ARROW_RETURN_NOT_OK(merged.Close());
  ARROW_RETURN_NOT_OK(merged.TakeAll(take));
  num_groups_ += merged.num_groups();
  return Status::OK();
}

}  // namespace windrow::op
