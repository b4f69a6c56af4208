// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/sort.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "windrow/column/value_bytes.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/pipeline.h"

namespace windrow::op {
namespace {

/// Survivors kept before they are cut again: high enough that cutting costs little a row.
constexpr int64_t kCompactFactor = 8;
constexpr int64_t kCompactRowsMin = 64 * 1024;
/// A row's number, and what Arrow needs beside it to sort several chunks.
constexpr int64_t kOrderBytes = 16;

/// A batch, or what a limit leaves of it: several pieces when it is wider than a window.
struct SortInput : exec::Prepared {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

}  // namespace

Sort::Sort(Options options, std::shared_ptr<arrow::Schema> schema,
           exec::RunContext* context, exec::StepMetrics* metrics)
    : options_(std::move(options)),
      schema_(std::move(schema)),
      context_(context),
      metrics_(metrics),
      rows_(std::make_unique<RetainedRows>(schema_)) {
  std::erase_if(options_.keys, [&](const Key& key) {
    return schema_->field(key.column)->type()->id() == arrow::Type::NA;
  });
  const auto& fields = schema_->fields();
  // A spilled dictionary would have to be joined with those of other batches.
  const bool is_storable = std::none_of(
      fields.begin(), fields.end(),
      [](const auto& field) { return exec::SpillFile::HoldsDictionary(*field->type()); });
  is_registered_ =
      is_storable && !options_.limit.has_value() && context_->budget != nullptr;
  if (is_registered_) context_->budget->Register(this);
}

Sort::~Sort() { StopSpilling(); }

Result<OrderedRows> Sort::OrderOf(const RetainedRows& rows) const {
  return OrderRows(rows, options_.keys, options_.limit, context_->pool);
}

Result<std::unique_ptr<exec::Prepared>> Sort::Prepare(
    std::shared_ptr<arrow::RecordBatch> batch) {
  auto input = std::make_unique<SortInput>();
  if (!options_.limit.has_value() || *options_.limit >= batch->num_rows()) {
    input->batches.push_back(std::move(batch));
    return input;
  }
  RetainedRows rows(schema_);
  rows.Add(std::move(batch));
  ARROW_ASSIGN_OR_RAISE(const OrderedRows order, OrderOf(rows));
  // In input order, so that equal rows of the whole input still keep theirs.
  std::sort(order.rows.begin(), order.rows.end());
  ARROW_RETURN_NOT_OK(
      TakeOrdered(rows, order.rows, context_, metrics_, [&](auto first_rows) {
        input->batches.push_back(std::move(first_rows));
        return Status::OK();
      }));
  return input;
}

Status Sort::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  auto& batches = static_cast<SortInput&>(*prepared).batches;
  if (options_.limit.has_value()) return KeepFirst(std::move(batches));
  std::optional<Taken> full;
  {
    const std::scoped_lock lock(mutex_);
    for (auto& batch : batches) {
      held_bytes_ += column::ValueBytes(*batch, 0, batch->num_rows());
      rows_->Add(std::move(batch));
    }
    // What comes after the first spilling is sorted before it is written.
    if (!unsorted_.empty() && held_bytes_ >= RunBytes()) full = TakeRows();
  }
  return full.has_value() ? AddRun({full->number, 0}, *full->rows) : Status::OK();
}

Status Sort::KeepFirst(std::vector<std::shared_ptr<arrow::RecordBatch>> batches) {
  for (auto& batch : batches) rows_->Add(std::move(batch));
  const int64_t count = rows_->chunk_offsets().back();
  if (count < kCompactRowsMin || count / kCompactFactor < *options_.limit)
    return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const OrderedRows order, OrderOf(*rows_));
  std::sort(order.rows.begin(), order.rows.end());
  auto survivors = std::make_unique<RetainedRows>(schema_);
  ARROW_RETURN_NOT_OK(
      TakeOrdered(*rows_, order.rows, context_, metrics_, [&](auto batch) {
        survivors->Add(std::move(batch));
        return Status::OK();
      }));
  rows_ = std::move(survivors);
  return Status::OK();
}

int64_t Sort::RunBytes() const { return context_->budget->budget_bytes() / 8; }

Sort::Taken Sort::TakeRows() {
  Taken taken{num_taken_++, std::move(rows_)};
  rows_ = std::make_unique<RetainedRows>(schema_);
  held_bytes_ = 0;
  return taken;
}

Status Sort::Spill() {
  std::unique_lock lock(mutex_);
  if (held_bytes_ == 0) return Status::OK();
  const Taken taken = TakeRows();
  lock.unlock();
  return SpillUnsorted(taken);
}

Status Sort::SpillUnsorted(const Taken& taken) {
  if (unsorted_file_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(unsorted_file_,
                          exec::SpillFile::Make(schema_, context_, metrics_));
  }
  Unsorted part{taken.number, {}};
  for (size_t b = 0; b + 1 < taken.rows->chunk_offsets().size(); ++b) {
    ARROW_ASSIGN_OR_RAISE(const auto block,
                          unsorted_file_->Append(*taken.rows->batch(b)));
    part.blocks.push_back(block);
  }
  const std::scoped_lock lock(mutex_);
  unsorted_.push_back(std::move(part));
  return Status::OK();
}

Status Sort::AddRun(SortedRuns::Position position, const RetainedRows& rows) {
  if (runs_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(runs_,
                          SortedRuns::Make(schema_, options_.keys, context_, metrics_));
  }
  return runs_->AddRun(position, rows);
}

/// Whether the rows can be put in order without more memory than there is, a quarter of
/// which is left to what comes after: a sink gathers rows again.
bool Sort::FitsInMemory() const {
  if (!unsorted_.empty()) return false;
  const exec::MemoryBudget& budget = *context_->budget;
  const int64_t order_bytes = rows_->chunk_offsets().back() * kOrderBytes;
  return budget.bytes_allocated() + order_bytes + 2 * context_->window_bytes <=
         budget.budget_bytes() - budget.budget_bytes() / 4;
}

Status Sort::Finish(exec::Emitter* emitter) {
  const auto emit = [&](const std::shared_ptr<arrow::RecordBatch>& batch) {
    return emitter->Emit(exec::CutIntoMorsels(batch, *context_));
  };
  const bool can_spill = is_registered_;
  StopSpilling();
  if (can_spill && !FitsInMemory()) return FinishOnDisk(emit);
  if (rows_->chunk_offsets().back() == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const OrderedRows order, OrderOf(*rows_));
  return TakeOrdered(*rows_, order.rows, context_, metrics_, emit);
}

Status Sort::FinishOnDisk(
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take) {
  if (rows_->chunk_offsets().back() > 0) {
    const Taken taken = TakeRows();
    ARROW_RETURN_NOT_OK(SpillUnsorted(taken));
  }
  for (const Unsorted& part : unsorted_) {
    ARROW_RETURN_NOT_OK(SortPart(part));
  }
  unsorted_file_.reset();
  metrics_->SetStrategy("merge of " + std::to_string(runs_->num_runs()) + " sorted runs",
                        "the rows do not fit the memory budget");
  return runs_->Merge(take);
}

/// Reads rows that were spilled as they came, and writes them again in sorted runs.
Status Sort::SortPart(const Unsorted& part) {
  int64_t num_runs = 0;
  int64_t bytes = 0;
  auto rows = std::make_unique<RetainedRows>(schema_);
  for (size_t b = 0; b < part.blocks.size(); ++b) {
    ARROW_RETURN_NOT_OK(context_->stop.Poll());
    ARROW_ASSIGN_OR_RAISE(auto batch,
                          unsorted_file_->Read(part.blocks[b], context_->pool));
    bytes += column::ValueBytes(*batch, 0, batch->num_rows());
    rows->Add(std::move(batch));
    if (bytes < RunBytes() && b + 1 < part.blocks.size()) continue;
    ARROW_RETURN_NOT_OK(AddRun({part.number, num_runs++}, *rows));
    rows = std::make_unique<RetainedRows>(schema_);
    bytes = 0;
  }
  return Status::OK();
}

void Sort::StopSpilling() {
  if (is_registered_) context_->budget->Unregister(this);
  is_registered_ = false;
}

}  // namespace windrow::op
