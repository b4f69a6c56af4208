// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect_store.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <string>

#include "windrow/base/check.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

/// Rows of a range by intent: what sorts within the second-level cache.
constexpr int64_t kRangeRows = 64 * 1024;
/// More ranges than this make pieces of a range too short to copy well.
constexpr int64_t kRangesMax = 1024;
/// Rows looked at to choose ranges.
constexpr int64_t kSampleRows = 512 * 1024;
/// Most rows of a block on disk.
constexpr int64_t kBlockRowsMax = 64 * 1024;

struct Weighed {
  std::string key;
  int64_t rows;
};

/// Upper bounds (included) of ranges that get about the same number of rows; ascending.
std::vector<std::string> BoundsOf(std::vector<Weighed> keys, int64_t ranges) {
  std::sort(keys.begin(), keys.end(),
            [](const Weighed& a, const Weighed& b) { return a.key < b.key; });
  int64_t total = 0;
  for (const Weighed& key : keys) total += key.rows;
  std::vector<std::string> bounds;
  int64_t before = 0;
  for (const Weighed& key : keys) {
    before += key.rows;
    const auto due = static_cast<int64_t>(bounds.size()) + 1;
    if (due < ranges && before * ranges >= due * total) bounds.push_back(key.key);
  }
  return bounds;
}

}  // namespace

CollectStore::CollectStore(DictionaryMap* keys, bool is_single_range,
                           int64_t rows_expected, exec::RunContext* context,
                           exec::StepMetrics* metrics)
    : keys_(keys),
      is_single_range_(is_single_range),
      rows_expected_(rows_expected),
      context_(context),
      metrics_(metrics),
      spill_pool_(SpillPoolOf(*context)),
      stored_(1) {
  if (context_->budget != nullptr) context_->budget->Register(this);
}

CollectStore::~CollectStore() {
  if (context_->budget != nullptr) context_->budget->Unregister(this);
}

Status CollectStore::Add(CollectPiece piece) {
  if (piece.rows == 0) return Status::OK();
  {
    const std::scoped_lock lock(mutex_);
    ARROW_RETURN_NOT_OK(Hold(std::move(piece)));
  }
  // Sooner than asked, as here all slots write; and what is allocated takes more memory
  // than its bytes.
  return IsCrowded() ? Spill() : Status::OK();
}

Status CollectStore::Hold(CollectPiece piece) {
  if (is_single_range_) {
    piece.starts = {0, static_cast<uint32_t>(piece.rows)};
  } else if (has_ranges_ && piece.starts.empty()) {
    // It was prepared just before the ranges were chosen.
    std::vector<CollectPiece> late = {std::move(piece)};
    ARROW_RETURN_NOT_OK(PutInRanges(&late));
    piece = std::move(late[0]);
  }
  held_bytes_ += piece.bytes();
  held_rows_ += piece.rows;
  held_.push_back(std::move(piece));
  // With most rows still to come, those are better put in ranges while they are prepared.
  const bool is_early = held_rows_ >= kSampleRows && 2 * held_rows_ < rows_expected_;
  if (!is_early || has_ranges_ || is_single_range_) return Status::OK();
  ARROW_RETURN_NOT_OK(ChooseRanges());
  return PutInRanges(&held_);
}

/// Whether what is held takes more than half of what the budget leaves to it. Once rows
/// are taken out they cannot be spilled, and sorting them needs the other half.
bool CollectStore::IsCrowded() const {
  if (context_->budget == nullptr) return false;
  const int64_t held = held_bytes_;
  const int64_t others = std::max<int64_t>(0, context_->budget->bytes_allocated() - held);
  return 2 * held > context_->budget->budget_bytes() - others;
}

Result<CollectPart> CollectStore::TakeAll() {
  WINDROW_CHECK(is_single_range_);
  if (IsCrowded()) ARROW_RETURN_NOT_OK(Spill());
  const std::scoped_lock lock(mutex_);
  CollectPart part;
  for (CollectPart::Stored& block : stored_[0]) part.Add(std::move(block));
  stored_[0].clear();
  for (CollectPiece& piece : held_) part.Add(std::move(piece));
  held_.clear();
  held_rows_ = 0;
  held_bytes_ = 0;
  return part;
}

/// Chooses ranges by the keys of the rows held. The lock is held, and memory comes from
/// the pool for spilling, as this happens while memory is asked back.
Status CollectStore::ChooseRanges() {
  const int64_t rows = std::max(rows_expected_, held_rows_);
  int64_t ranges = std::clamp<int64_t>(rows / kRangeRows, 1, kRangesMax);
  if (rows > kRangeRows / 8) {
    ranges = std::max<int64_t>(ranges, 4 * context_->slots->num_slots());
  }
  const int64_t step = std::max<int64_t>(1, held_rows_ / kSampleRows);
  column::PoolVector<int32_t> rows_of(spill_pool_);
  ARROW_RETURN_NOT_OK(rows_of.Assign(keys_->values().code_limit(), 0));
  for (const CollectPiece& piece : held_) {
    const auto* codes =
        static_cast<const arrow::UInt32Array&>(*piece.columns[0]).raw_values();
    for (int64_t row = 0; row < piece.rows; row += step) ++rows_of[codes[row]];
  }
  constexpr uint32_t kNull = column::ValueDictionary::kNullCode;
  const bool has_null = rows_of[kNull] > 0;
  std::vector<uint32_t> codes;
  for (uint32_t code = kNull + 1; code < rows_of.size(); ++code) {
    if (rows_of[code] > 0) codes.push_back(code);
  }
  std::vector<std::string> values = keys_->values().CopyValues(codes);
  std::vector<Weighed> keys;
  for (size_t i = 0; i < codes.size(); ++i) {
    keys.push_back({std::move(values[i]), rows_of[codes[i]]});
  }
  auto bounds =
      std::make_shared<const std::vector<std::string>>(BoundsOf(std::move(keys), ranges));
  num_ranges_ = static_cast<uint32_t>(bounds->size()) + 1 + (has_null ? 1 : 0);
  keys_->values().SetTags(
      [bounds](std::string_view key) {
        return static_cast<uint32_t>(
            std::lower_bound(bounds->begin(), bounds->end(), key) - bounds->begin());
      },
      num_ranges_ - 1);
  keys_->ForgetDictionaries();
  stored_.resize(num_ranges_);
  has_ranges_ = true;
  return Status::OK();
}

/// Puts pieces that are not yet in the order of the ranges, each on its own.
Status CollectStore::PutInRanges(std::vector<CollectPiece>* pieces) {
  if (std::none_of(pieces->begin(), pieces->end(),
                   [](const CollectPiece& piece) { return piece.starts.empty(); })) {
    return Status::OK();
  }
  column::PoolVector<uint32_t> tag_of(spill_pool_);
  ARROW_RETURN_NOT_OK(keys_->values().CopyTags(&tag_of));
  return context_->slots->ParallelFor(
      static_cast<int64_t>(pieces->size()), [&](int64_t i) -> Status {
        CollectPiece& piece = (*pieces)[static_cast<size_t>(i)];
        if (!piece.starts.empty()) return Status::OK();
        const auto* codes =
            static_cast<const arrow::UInt32Array&>(*piece.columns[0]).raw_values();
        std::vector<uint32_t> tags(static_cast<size_t>(piece.rows));
        for (size_t row = 0; row < tags.size(); ++row) tags[row] = tag_of[codes[row]];
        return PartitionPiece(tags, num_ranges_, spill_pool_, &piece);
      });
}

Status CollectStore::Close() {
  if (has_spilled_ || IsCrowded()) ARROW_RETURN_NOT_OK(Spill());
  if (is_single_range_) return Status::OK();
  // Out of reach of Spill while its pieces change their order. What that needs comes from
  // the pool for spilling, since it takes the place of what is let go.
  std::vector<CollectPiece> pieces;
  {
    const std::scoped_lock lock(mutex_);
    if (!has_ranges_) ARROW_RETURN_NOT_OK(ChooseRanges());
    pieces.swap(held_);
  }
  ARROW_RETURN_NOT_OK(PutInRanges(&pieces));
  const std::scoped_lock lock(mutex_);
  held_.swap(pieces);
  return Status::OK();
}

CollectPart CollectStore::TakeRange(uint32_t range) {
  const std::scoped_lock lock(mutex_);
  WINDROW_CHECK(range >= next_range_);
  next_range_ = range + 1;
  CollectPart part;
  for (CollectPart::Stored& block : stored_[range]) part.Add(std::move(block));
  for (const CollectPiece& piece : held_) {
    const uint32_t begin = piece.starts[range];
    const uint32_t end = piece.starts[range + 1];
    if (begin < end) part.Add(piece.Slice(begin, end - begin));
  }
  return part;
}

Status CollectStore::Spill() {
  const std::scoped_lock lock(mutex_);
  if (held_.empty()) return Status::OK();
  if (is_single_range_) {
    has_ranges_ = true;
  } else if (!has_ranges_) {
    ARROW_RETURN_NOT_OK(ChooseRanges());
  }
  ARROW_RETURN_NOT_OK(PutInRanges(&held_));
  ARROW_RETURN_NOT_OK(WriteHeld());
  has_spilled_ = true;
  held_.clear();
  held_rows_ = 0;
  held_bytes_ = 0;
  return Status::OK();
}

/// As a block is read as a whole, it is a small part of the budget.
int64_t CollectStore::BlockRows() const {
  if (context_->budget == nullptr || held_rows_ == 0) return kBlockRowsMax;
  const int64_t bytes =
      context_->budget->budget_bytes() / (32 * context_->slots->num_slots());
  const int64_t row_bytes = held_bytes_ / held_rows_ + 1;
  return std::clamp<int64_t>(bytes / row_bytes, 1, kBlockRowsMax);
}

/// Writes all that is held: for each run of pieces of one layout, a range at a time.
Status CollectStore::WriteHeld() {
  for (size_t begin = 0; begin < held_.size();) {
    size_t end = begin + 1;
    while (end < held_.size() && held_[end].layout == held_[begin].layout) ++end;
    ARROW_ASSIGN_OR_RAISE(const auto file, FileOf(held_[begin].layout));
    ARROW_RETURN_NOT_OK(
        context_->slots->ParallelFor(int64_t{num_ranges_} - next_range_, [&](int64_t i) {
          return WriteRange(next_range_ + static_cast<uint32_t>(i), begin, end,
                            file.get());
        }));
    begin = end;
  }
  return Status::OK();
}

Status CollectStore::WriteRange(uint32_t range, size_t begin, size_t end,
                                exec::SpillFile* file) {
  const int64_t block_rows = BlockRows();
  std::vector<CollectPiece> waiting;
  int64_t waiting_rows = 0;
  const auto write = [&]() -> Status {
    if (waiting.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const CollectPiece joined,
                          ConcatenatePieces(waiting, spill_pool_));
    const auto batch =
        arrow::RecordBatch::Make(joined.layout->schema, joined.rows, joined.columns);
    ARROW_ASSIGN_OR_RAISE(const exec::SpillFile::Block block, file->Append(*batch));
    stored_[range].push_back(
        {joined.layout, files_.at(joined.layout.get()), block, joined.bytes()});
    waiting.clear();
    waiting_rows = 0;
    return Status::OK();
  };
  for (size_t i = begin; i < end; ++i) {
    const CollectPiece& piece = held_[i];
    const uint32_t first = piece.starts[range];
    const uint32_t last = piece.starts[range + 1];
    if (first == last) continue;
    waiting.push_back(piece.Slice(first, last - first));
    waiting_rows += last - first;
    if (waiting_rows >= block_rows) ARROW_RETURN_NOT_OK(write());
  }
  return write();
}

Result<std::shared_ptr<exec::SpillFile>> CollectStore::FileOf(
    const std::shared_ptr<const CollectLayout>& layout) {
  auto& file = files_[layout.get()];
  if (file == nullptr) {
    ARROW_ASSIGN_OR_RAISE(file,
                          exec::SpillFile::Make(layout->schema, context_, metrics_));
  }
  return file;
}

}  // namespace windrow::op
