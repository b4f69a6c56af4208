// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "windrow/column/pool_vector.h"
#include "windrow/column/row_order.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/operator.h"
#include "windrow/exec/run_context.h"
#include "windrow/op/collect_coding.h"
#include "windrow/op/collect_groups.h"
#include "windrow/op/collect_store.h"
#include "windrow/op/collected_groups.h"

namespace windrow::op {

/// Gathers the rows of each group into one row of lists: an external group-sort.
///
///   Prepare   keys become codes, and rows are put in the order of the key ranges
///   Consume   pieces are kept; when memory is asked back they go to disk by key range
///   Finish    range by range: rows are sorted by group and order, and come out as lists
///
/// Groups come in ascending order of their keys (nulls last), rows of a group by the
/// order columns and then in input order, so the output does not depend on slots, batches
/// or spilling. A range too large for memory is split by the whole order, so the largest
/// group may exceed the budget if it comes out in parts (max_rows). Input that is known
/// to be sorted by key is not kept: a group comes out as soon as the next one begins. The
/// distinct keys must fit the budget.
class Collect : public exec::Breaker {
 public:
  struct Options {
    std::vector<int> key_columns;
    std::vector<int> list_columns;
    std::vector<int> order_columns;
    std::vector<column::OrderKey> order_keys;
    /// A longer group comes out as several rows; none: always one.
    std::optional<int64_t> max_rows;
    /// Lists of text may come out as lists of dictionary arrays, which is cheaper.
    bool dictionary_lists = false;
    /// Set when rows come in ascending order of their keys: the number of groups.
    std::optional<int64_t> sorted_groups;
    /// Rows by estimate; 0 when unknown.
    int64_t rows_expected = 0;
  };

  Collect(Options options, std::shared_ptr<arrow::Schema> input_schema,
          exec::RunContext* context, exec::StepMetrics* metrics);
  ~Collect() override;

  /// Known before the first batch comes out.
  std::shared_ptr<const CollectedGroups> groups() const { return groups_; }

  const std::shared_ptr<arrow::Schema>& output_schema() const override {
    return output_schema_;
  }
  Result<std::unique_ptr<exec::Prepared>> Prepare(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Consume(std::unique_ptr<exec::Prepared> prepared,
                 exec::Emitter* emitter) override;
  Status Finish(exec::Emitter* emitter) override;

 private:
  bool is_sorted() const { return options_.sorted_groups.has_value(); }
  Status ConsumeSorted(CollectPiece piece, exec::Emitter* emitter);
  Status CompleteGroups();
  Status RankGroups();
  Status EmitRanges(exec::Emitter* emitter);
  Status EmitParts(std::vector<CollectPart>* parts, exec::Emitter* emitter);
  Status EmitWindow(std::vector<CollectPart>* parts, exec::Emitter* emitter);
  Status EmitContinued(SortedGroups groups, bool is_continued, exec::Emitter* emitter);
  int64_t part_bytes_max() const;
  Result<std::vector<std::shared_ptr<arrow::RecordBatch>>> Lists(
      const SortedGroups& groups) const;

  Options options_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::vector<int> payload_;       ///< input columns that are kept
  std::vector<int> list_payload_;  ///< positions of the list columns among them
  std::shared_ptr<arrow::Schema> output_schema_;
  std::shared_ptr<CollectedGroups> groups_;
  CollectCoding coding_;
  CollectStore store_;
  column::PoolVector<uint32_t> rank_of_code_;
  GroupOrder order_;
  int64_t split_parts_ = 0;
  SortedGroups carried_;  ///< the end of a group that goes on in the next part
  // Of sorted input:
  std::vector<CollectPart> complete_;  ///< parts of whole groups, not yet emitted
  int64_t open_code_ = -1;             ///< of the group whose rows are in the store
  uint32_t next_rank_ = 0;
};

}  // namespace windrow::op
