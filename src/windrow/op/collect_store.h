// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spillable.h"
#include "windrow/op/collect_piece.h"
#include "windrow/op/dictionary_map.h"

namespace windrow::op {

/// Keeps the rows of a collect until all have come: in memory as they are, and on disk,
/// by ranges of the key, when memory is asked back. The ranges are chosen from the rows
/// held when they are first needed, so that each gets about as many.
///
/// Example: rows of the keys a…z fill the budget; ranges a-f, g-m, n-z are chosen, and
/// what is held goes to disk as a block for each range. Rows that come later are put in
/// the order of the ranges as they are prepared, so that writing them is copying.
///
/// Add and the calls after it are made by one thread at a time; Spill by any.
class CollectStore : public exec::Spillable {
 public:
  /// `rows_expected` may be a guess. With a single range, keys are not looked at.
  CollectStore(DictionaryMap* keys, bool is_single_range, int64_t rows_expected,
               exec::RunContext* context, exec::StepMetrics* metrics);
  ~CollectStore() override;

  /// True once ranges are chosen: pieces should then come in their order, by tag.
  bool has_ranges() const { return has_ranges_; }
  uint32_t num_ranges() const { return num_ranges_; }

  Status Add(CollectPiece piece);
  /// Takes out everything, in input order. For a single range.
  Result<CollectPart> TakeAll();

  /// After the last Add. Chooses the ranges if that has not been done. Once something is
  /// on disk, or memory would not do to sort what is held, everything is.
  Status Close();
  /// After Close: the rows of one range; ranges in ascending order, each once.
  CollectPart TakeRange(uint32_t range);

  int64_t spillable_bytes() const override { return held_bytes_; }
  Status Spill() override;
  bool has_spilled() const { return has_spilled_; }

 private:
  Status Hold(CollectPiece piece);
  bool IsCrowded() const;
  Status ChooseRanges();
  Status PutInRanges(std::vector<CollectPiece>* pieces);
  int64_t BlockRows() const;
  Status WriteHeld();
  Status WriteRange(uint32_t range, size_t begin, size_t end, exec::SpillFile* file);
  Result<std::shared_ptr<exec::SpillFile>> FileOf(
      const std::shared_ptr<const CollectLayout>& layout);

  DictionaryMap* keys_;
  const bool is_single_range_;
  const int64_t rows_expected_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  arrow::MemoryPool* spill_pool_;
  uint32_t num_ranges_ = 1;
  std::atomic<bool> has_ranges_ = false;
  std::atomic<bool> has_spilled_ = false;
  std::atomic<int64_t> held_bytes_ = 0;

  std::mutex mutex_;  ///< guards what follows
  std::vector<CollectPiece> held_;
  int64_t held_rows_ = 0;
  uint32_t next_range_ = 0;  ///< ranges before it were taken
  std::vector<std::vector<CollectPart::Stored>> stored_;
  std::map<const CollectLayout*, std::shared_ptr<exec::SpillFile>> files_;
};

}  // namespace windrow::op
