// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "windrow/exec/expected_rows.h"
#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::source {

class RemoteRows;

/// The rows of one part of a set, and the values its folders give.
struct PartRows {
  std::shared_ptr<exec::RowStore> store;
  const std::vector<std::shared_ptr<arrow::Scalar>>* values;
};

/// The rows of all parts, chunks numbered through. What is expected of parts in a store
/// of objects is fetched ahead, as much as a scan would.
class SetRows : public exec::RowStore, public exec::ExpectedRows {
 public:
  SetRows(std::shared_ptr<arrow::Schema> schema, std::vector<PartRows> parts,
          bool prefetch, exec::RunContext* context);

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  const std::vector<int64_t>& chunk_offsets() const override { return offsets_; }
  bool IsResident(int column) const override;
  Result<std::shared_ptr<arrow::Array>> LoadColumn(int chunk, int column) const override;
  Result<std::shared_ptr<arrow::Array>> LoadRows(int chunk, int column,
                                                 std::span<const uint32_t> rows,
                                                 arrow::MemoryPool* pool) const override;
  int64_t bytes_read() const override;
  void Expect(std::vector<exec::RowPiece> pieces) const override;

 private:
  /// Where a chunk lies.
  struct Chunk {
    size_t part;
    int chunk;  ///< of the part
  };

  const RemoteRows* RemoteOf(exec::RowPiece piece) const;
  void LookAhead() const;
  void Release(exec::RowPiece piece) const;
  void NoteLoaded(int chunk, int column) const;

  std::shared_ptr<arrow::Schema> schema_;
  std::vector<PartRows> parts_;
  std::vector<const RemoteRows*> remote_;  ///< by part; null where it is local
  arrow::MemoryPool* pool_;
  int64_t most_ahead_bytes_;
  std::vector<Chunk> chunks_;
  std::vector<int64_t> offsets_ = {0};
  mutable std::mutex mutex_;  ///< guards what follows
  mutable std::deque<exec::RowPiece> expected_;
  mutable std::set<exec::RowPiece> loaded_;  ///< before their turn
  mutable std::map<exec::RowPiece, int64_t> ahead_;
  mutable int64_t ahead_bytes_ = 0;
};

}  // namespace windrow::source
