// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/exec/spill_file.h"

namespace windrow::op {

/// How rows are kept while they are collected: a uint32 column of group codes, then the
/// payload columns. A payload column of text may be kept as uint32 codes of its own.
struct CollectLayout {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<bool> is_coded;  ///< per payload column
};

/// Some rows in input order; or, with `starts`, in the order of their partitions and
/// within a partition in input order.
struct CollectPiece {
  std::shared_ptr<const CollectLayout> layout;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  int64_t rows = 0;
  std::vector<uint32_t>
      starts;  ///< of each partition, and the end; empty: not partitioned

  CollectPiece Slice(int64_t offset, int64_t length) const;
  /// Memory its rows take.
  int64_t bytes() const;
};

/// Rows of some groups in input order: first those on disk, then those in memory.
struct CollectPart {
  struct Stored {
    std::shared_ptr<const CollectLayout> layout;
    std::shared_ptr<const exec::SpillFile> file;
    exec::SpillFile::Block block;
    int64_t bytes;  ///< in memory
  };
  std::vector<Stored> stored;
  std::vector<CollectPiece> held;
  int64_t rows = 0;
  int64_t bytes = 0;          ///< when all of it is in memory
  bool is_ordered = false;    ///< its rows are in their final order
  bool is_continued = false;  ///< its last group may go on in the next part

  void Add(Stored block);
  void Add(CollectPiece piece);
};

/// The pool that never denies; the run's own where nothing spills.
arrow::MemoryPool* SpillPoolOf(const exec::RunContext& context);

/// Puts the rows of `piece` in the order of `tags` (below `partitions`), keeping the
/// input order within a tag.
Status PartitionPiece(std::span<const uint32_t> tags, uint32_t partitions,
                      arrow::MemoryPool* pool, CollectPiece* piece);

/// The pieces one after the other; of the same layout.
Result<CollectPiece> ConcatenatePieces(const std::vector<CollectPiece>& pieces,
                                       arrow::MemoryPool* pool);

/// The rows at `order`, a list of row numbers.
Result<std::vector<std::shared_ptr<arrow::Array>>> TakeRows(
    const std::vector<std::shared_ptr<arrow::Array>>& columns,
    std::span<const int32_t> order, arrow::MemoryPool* pool);

}  // namespace windrow::op
