// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/spill_file.h"
#include "windrow/op/aggregate_piece.h"

namespace windrow::op {

/// What was gathered for groups, on disk. Groups are divided among shares by a hash of
/// their keys' values, so that all that belongs to a key is in one share. One file holds
/// keys, first rows and what states save; for each aggregate that counts distinct values
/// another holds keys and values.
class AggregateSpill {
 public:
  static constexpr int kShareBits = 5;
  static constexpr int kShares = 1 << kShareBits;

  /// `level` chooses the bits of the hash that divide.
  static Result<std::unique_ptr<AggregateSpill>> Make(const AggregateLayout& layout,
                                                      int level,
                                                      exec::RunContext* context,
                                                      exec::StepMetrics* metrics);

  /// Writes the groups of `parts`, which it frees. All allocations are from the pool that
  /// never denies.
  Status Write(std::span<std::unique_ptr<AggregatePart>> parts,
               const AggregateCoding& coding);

  /// Blocks of a share, in the order in which they were written.
  int64_t num_blocks(int share) const;
  /// The piece in block `block` of `share`, coded by `coding`. Thread-safe.
  Result<AggregatePiece> Read(int share, int64_t block,
                              std::shared_ptr<AggregateCoding> coding) const;

 private:
  /// A file and where each share's blocks are in it.
  struct Kept {
    int aggregate;  ///< whose distinct values these are; -1 of the groups
    std::unique_ptr<exec::SpillFile> file;
    std::array<std::vector<exec::SpillFile::Block>, kShares> blocks;
  };
  /// Rows of one part in the order of shares.
  struct Shared {
    std::shared_ptr<arrow::RecordBatch> rows;
    std::array<int64_t, kShares + 1> starts = {};
  };

  AggregateSpill(const AggregateLayout& layout, int level, exec::RunContext* context);

  Result<std::vector<uint8_t>> SharesOf(const AggregatePart& part,
                                        const AggregateCoding& coding) const;
  Result<Shared> SaveGroups(const AggregatePart& part, const AggregateCoding& coding,
                            const std::vector<uint8_t>& shares) const;
  Result<Shared> SavePairs(const AggregatePart& part, const AggregateCoding& coding,
                           const std::vector<uint8_t>& shares, int aggregate) const;
  Status Append(const std::vector<Shared>& parts, Kept* kept);

  const AggregateLayout& layout_;
  const int level_;
  exec::RunContext* context_;
  arrow::MemoryPool* pool_;
  std::vector<Kept> kept_;  ///< the groups first
};

}  // namespace windrow::op
