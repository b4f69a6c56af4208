// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/sorted_runs.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/base/check.h"
#include "windrow/column/value_bytes.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"

namespace windrow::op {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// A merge holds one block of every run, hence small ones for small budgets.
int64_t BlockBytes(const exec::RunContext& context) {
  return std::clamp<int64_t>(context.budget->budget_bytes() / 512, 64 << 10, 2 << 20);
}

}  // namespace

Result<std::unique_ptr<SortedRuns>> SortedRuns::Make(
    std::shared_ptr<arrow::Schema> schema, std::vector<SortKey> keys,
    exec::RunContext* context, exec::StepMetrics* metrics) {
  ARROW_ASSIGN_OR_RAISE(auto file, exec::SpillFile::Make(schema, context, metrics));
  return std::unique_ptr<SortedRuns>(new SortedRuns(std::move(schema), std::move(keys),
                                                    std::move(file), context, metrics));
}

SortedRuns::SortedRuns(std::shared_ptr<arrow::Schema> schema, std::vector<SortKey> keys,
                       std::unique_ptr<exec::SpillFile> file, exec::RunContext* context,
                       exec::StepMetrics* metrics)
    : schema_(std::move(schema)),
      keys_(std::move(keys)),
      file_(std::move(file)),
      context_(context),
      metrics_(metrics) {
  arrow::FieldVector fields;
  for (const SortKey& key : keys_) {
    fence_keys_.push_back(key);
    fence_keys_.back().column = static_cast<int>(fields.size());
    fields.push_back(schema_->field(key.column));
  }
  key_schema_ = arrow::schema(std::move(fields));
}

Status SortedRuns::AddRun(Position position, const RetainedRows& rows) {
  Run run{position, {}, RetainedRows(key_schema_)};
  ARROW_ASSIGN_OR_RAISE(const OrderedRows order,
                        OrderRows(rows, keys_, std::nullopt, context_->pool));
  ARROW_RETURN_NOT_OK(
      TakeOrdered(rows, order.rows, context_, metrics_,
                  [&](BatchPtr sorted) { return AddBlocks(sorted, &run); }));
  runs_.push_back(std::move(run));
  return Status::OK();
}

Status SortedRuns::AddBlocks(const BatchPtr& sorted, Run* run) {
  const int64_t rows = sorted->num_rows();
  const int64_t bytes = std::max<int64_t>(column::ValueBytes(*sorted, 0, rows), 1);
  const auto per_block = std::clamp<int64_t>(
      static_cast<int64_t>(static_cast<double>(BlockBytes(*context_)) *
                           static_cast<double>(rows) / static_cast<double>(bytes)),
      1, context_->morsel_rows);
  const int64_t count = (rows + per_block - 1) / per_block;
  const size_t first = run->blocks.size();
  run->blocks.resize(first + static_cast<size_t>(count));
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      count,
      [&](int64_t b) -> Status {
        const BatchPtr part = sorted->Slice(b * per_block, per_block);
        Block& block = run->blocks[first + static_cast<size_t>(b)];
        block.value_bytes = column::ValueBytes(*part, 0, part->num_rows());
        return file_->Append(*part).Value(&block.stored);
      },
      &metrics_->cpu_nanos));
  arrow::Int64Builder fence_rows(context_->pool);
  ARROW_RETURN_NOT_OK(fence_rows.Reserve(2 * count));
  for (int64_t b = 0; b < count; ++b) {
    fence_rows.UnsafeAppend(b * per_block);
    fence_rows.UnsafeAppend(std::min(rows, (b + 1) * per_block) - 1);
  }
  ARROW_ASSIGN_OR_RAISE(const auto indices, fence_rows.Finish());
  arrow::compute::ExecContext compute(context_->pool);
  arrow::ArrayVector columns;
  for (const SortKey& key : keys_) {
    ARROW_ASSIGN_OR_RAISE(
        auto column,
        arrow::compute::Take(*sorted->column(key.column), *indices,
                             arrow::compute::TakeOptions::NoBoundsCheck(), &compute));
    columns.push_back(std::move(column));
  }
  run->fences.Add(arrow::RecordBatch::Make(key_schema_, 2 * count, std::move(columns)));
  return Status::OK();
}

/// Ranks the first and last rows of all blocks in the order of the whole output.
Status SortedRuns::RankBlocks() {
  std::sort(runs_.begin(), runs_.end(),
            [](const Run& a, const Run& b) { return a.position < b.position; });
  RetainedRows fences(key_schema_);
  std::vector<int64_t*> ranks;
  for (size_t r = 0; r < runs_.size(); ++r) {
    for (size_t chunk = 0; chunk + 1 < runs_[r].fences.chunk_offsets().size(); ++chunk) {
      fences.Add(runs_[r].fences.batch(chunk));
    }
    for (Block& block : runs_[r].blocks) {
      block.run = r;
      ranks.push_back(&block.first_rank);
      ranks.push_back(&block.last_rank);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const OrderedRows order,
                        OrderRows(fences, fence_keys_, std::nullopt, context_->pool));
  WINDROW_CHECK(order.rows.size() == ranks.size());
  for (size_t rank = 0; rank < order.rows.size(); ++rank) {
    *ranks[static_cast<size_t>(order.rows[rank])] = static_cast<int64_t>(rank);
  }
  return Status::OK();
}

Status SortedRuns::Load(std::vector<Loaded>* loaded) {
  return context_->slots->ParallelFor(
      static_cast<int64_t>(loaded->size()),
      [&](int64_t i) -> Status {
        ARROW_RETURN_NOT_OK(context_->stop.Poll());
        Loaded& entry = (*loaded)[static_cast<size_t>(i)];
        return file_->Read(entry.block->stored, context_->pool).Value(&entry.rows);
      },
      &metrics_->cpu_nanos);
}

/// The blocks under way of one merge.
class SortedRuns::Merger {
 public:
  explicit Merger(SortedRuns* owner) : owner_(owner), waiting_(owner->runs_.size()) {}

  /// Adds blocks, which must come in the order of their first rows.
  void Add(std::vector<Loaded> loaded) {
    for (Loaded& entry : loaded) {
      waiting_[entry.block->run].push_back(std::move(entry));
    }
  }

  /// Hands over every row up to the last of `last`.
  Status TakeUpTo(const Block& last, const std::function<Status(BatchPtr)>& take) {
    RetainedRows rows(owner_->schema_);
    std::vector<Loaded*> chunks;
    int64_t last_row = -1;
    for (std::vector<Loaded>& run : waiting_) {
      for (Loaded& entry : run) {
        rows.Add(entry.rows);
        chunks.push_back(&entry);
        if (entry.block == &last) last_row = rows.chunk_offsets().back() - 1;
      }
    }
    exec::RunContext* context = owner_->context_;
    ARROW_ASSIGN_OR_RAISE(const OrderedRows order,
                          OrderRows(rows, owner_->keys_, std::nullopt, context->pool));
    const auto end = std::find(order.rows.begin(), order.rows.end(), last_row);
    WINDROW_CHECK(end != order.rows.end());
    const auto taken = static_cast<size_t>(end - order.rows.begin()) + 1;
    ARROW_RETURN_NOT_OK(
        TakeOrdered(rows, order.rows.first(taken), context, owner_->metrics_, take));
    Keep(order.rows.subspan(taken), rows, chunks);
    return Status::OK();
  }

 private:
  /// Leaves the rows numbered `left`, which are the last ones of their blocks.
  void Keep(std::span<const int64_t> left, const RetainedRows& rows,
            const std::vector<Loaded*>& chunks) {
    const std::vector<int64_t>& offsets = rows.chunk_offsets();
    std::vector<int64_t> kept(chunks.size());
    for (const int64_t row : left) {
      const auto next = std::upper_bound(offsets.begin(), offsets.end(), row);
      ++kept[static_cast<size_t>(next - offsets.begin()) - 1];
    }
    for (size_t c = 0; c < chunks.size(); ++c) {
      BatchPtr& batch = chunks[c]->rows;
      batch = kept[c] == 0 ? nullptr : batch->Slice(batch->num_rows() - kept[c]);
    }
    for (std::vector<Loaded>& run : waiting_) {
      std::erase_if(run, [](const Loaded& entry) { return entry.rows == nullptr; });
    }
  }

  SortedRuns* owner_;
  std::vector<std::vector<Loaded>> waiting_;  ///< of each run, in order
};

Status SortedRuns::Merge(const std::function<Status(BatchPtr)>& take) {
  ARROW_RETURN_NOT_OK(RankBlocks());
  std::vector<const Block*> by_first;
  for (const Run& run : runs_) {
    for (const Block& block : run.blocks) by_first.push_back(&block);
  }
  std::vector<const Block*> by_last = by_first;
  std::sort(by_first.begin(), by_first.end(),
            [](const Block* a, const Block* b) { return a->first_rank < b->first_rank; });
  std::sort(by_last.begin(), by_last.end(),
            [](const Block* a, const Block* b) { return a->last_rank < b->last_rank; });
  Merger merger(this);
  size_t num_loaded = 0;
  for (size_t done = 0; done < by_last.size();) {
    ARROW_RETURN_NOT_OK(context_->stop.Poll());
    // Blocks that end one after the other, about as many bytes as a window has.
    int64_t bytes = by_last[done]->value_bytes;
    size_t end = done + 1;
    while (end < by_last.size() &&
           bytes + by_last[end]->value_bytes <= context_->window_bytes) {
      bytes += by_last[end++]->value_bytes;
    }
    const Block& last = *by_last[end - 1];
    std::vector<Loaded> loaded;
    while (num_loaded < by_first.size() &&
           by_first[num_loaded]->first_rank <= last.last_rank) {
      loaded.push_back({by_first[num_loaded++], nullptr});
    }
    ARROW_RETURN_NOT_OK(Load(&loaded));
    merger.Add(std::move(loaded));
    ARROW_RETURN_NOT_OK(merger.TakeUpTo(last, take));
    done = end;
  }
  return Status::OK();
}

}  // namespace windrow::op
