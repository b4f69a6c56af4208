// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spillable.h"
#include "windrow/op/aggregate_piece.h"
#include "windrow/op/aggregate_spill.h"

namespace windrow::op {

/// All groups of an aggregate, in parts that are worked on in parallel. When they take
/// more than their share of the budget, or memory is asked back, what was gathered goes
/// to disk by key, and gathering starts anew, with new dictionaries; at the end what
/// belongs to a share of the keys is merged, in a store of its own, which may do the
/// same.
///
/// Add and the calls after it are made by one thread at a time, Spill and PieceOf by any.
class AggregateStore : public exec::Spillable {
 public:
  /// Receives batches of the output's columns and the number of each group's first row.
  using Take = std::function<Status(std::shared_ptr<arrow::RecordBatch>)>;

  /// Makes a piece of a batch. Thread-safe.
  using PrepareBatch = std::function<Result<AggregatePiece>(
      const arrow::RecordBatch&, std::shared_ptr<AggregateCoding>)>;

  /// `level` counts how often the keys have been divided on disk. Without `prepare` no
  /// batches may be added.
  AggregateStore(const AggregateLayout& layout, int level, PrepareBatch prepare,
                 exec::RunContext* context, exec::StepMetrics* metrics);
  ~AggregateStore() override;

  /// A piece to Add: prepared, or once memory has run out only the batch, which is
  /// smaller than what is made of it. Thread-safe.
  Result<AggregatePiece> PieceOf(std::shared_ptr<arrow::RecordBatch> batch) const;
  /// Pieces in row order. They are aggregated a window at a time.
  Status Add(AggregatePiece piece);

  /// After the last Add. From here on what is in memory stays there.
  Status Close();
  bool has_spilled() const { return has_spilled_; }
  int64_t num_groups() const { return num_groups_; }
  int64_t num_pieces() const { return num_pieces_; }
  /// Of them, those that were aggregated on their own.
  int64_t num_grouped() const { return num_grouped_; }

  /// After Close, of a store that has not spilled: the groups in the order of their first
  /// rows, in batches of the output's schema, some at a time.
  Status EmitInOrder(
      const std::function<Status(std::vector<std::shared_ptr<arrow::RecordBatch>>)>&
          emit);
  /// After Close: all groups, in any order.
  Status TakeAll(const Take& take);

  int64_t spillable_bytes() const override { return is_closed_ ? 0 : held_bytes_.load(); }
  Status Spill() override;

 private:
  std::shared_ptr<AggregateCoding> coding() const;
  void StopSpilling();
  Status MergeWindow();
  Status PrepareWindow();
  Status MergeRun(size_t begin, size_t end);
  Status Flush();
  int64_t WindowBytes() const;
  bool IsCrowded() const;
  Status TakeGroups(const Take& take);
  Status TakeShare(int share, const Take& take);

  const AggregateLayout& layout_;
  const int level_;
  const PrepareBatch prepare_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  arrow::MemoryPool* pool_;  ///< of what is held; it does not deny
  std::atomic<bool> is_closed_ = false;
  std::atomic<bool> has_spilled_ = false;
  std::atomic<int64_t> held_bytes_ = 0;
  int64_t num_groups_ = 0;
  int64_t num_pieces_ = 0;
  int64_t num_grouped_ = 0;
  int64_t rows_ = 0;
  std::vector<AggregatePiece> window_;
  int64_t window_bytes_ = 0;
  int64_t window_rows_ = 0;

  mutable std::mutex coding_mutex_;
  std::shared_ptr<AggregateCoding> coding_;  ///< guarded by coding_mutex_

  std::mutex mutex_;  ///< guards what follows; nothing that can be denied under it
  std::shared_ptr<AggregateCoding> held_coding_;  ///< of the parts
  std::array<std::unique_ptr<AggregatePart>, AggregatePiece::kParts> parts_;
  std::unique_ptr<AggregateSpill> spill_;
};

}  // namespace windrow::op
