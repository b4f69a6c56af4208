// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/gather_window.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "windrow/column/gather.h"
#include "windrow/exec/expected_rows.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/retained_rows.h"

namespace windrow::op {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using column::GatherOrder;

/// Value and offset bytes assumed for a string or nested value before any was seen.
constexpr int64_t kStringBytesGuess = 16;

/// Columns per slot from which on columns alone keep all slots busy.
constexpr int64_t kColumnsPerSlot = 4;

struct Task {
  size_t side;
  int column;     ///< of the side's row store
  size_t output;  ///< column of the output
};

class Window {
 public:
  Window(const std::shared_ptr<arrow::Schema>& schema,
         const std::vector<WindowSide>& sides, exec::RunContext* context,
         exec::StepMetrics* metrics)
      : schema_(schema), sides_(sides), context_(context), metrics_(metrics) {
    for (size_t s = 0; s < sides.size(); ++s) {
      for (const int column : sides[s].columns)
        tasks_.push_back({s, column, tasks_.size()});
    }
    // Strings cost most; started first, they do not end last.
    std::stable_partition(tasks_.begin(), tasks_.end(), [&](const Task& task) {
      return !arrow::is_fixed_width(
          *schema_->field(static_cast<int>(task.output))->type());
    });
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Gather() {
    ARROW_RETURN_NOT_OK(MakeOrders());
    for (size_t side = 0; side < sides_.size(); ++side) TellExpected(side);
    outputs_.resize(tasks_.size());
    if (static_cast<int64_t>(tasks_.size()) <
        kColumnsPerSlot * context_->slots->num_slots()) {
      ARROW_RETURN_NOT_OK(CompactByRange());
    }
    ARROW_RETURN_NOT_OK(
        ForEach(tasks_.size(), [&](int64_t t) { return Run(tasks_[t]); }));
    const auto rows = static_cast<int64_t>(sides_[0].row_numbers.size());
    return arrow::RecordBatch::Make(schema_, rows, std::move(outputs_));
  }

 private:
  Status ForEach(size_t count, const std::function<Status(int64_t)>& body) {
    return context_->slots->ParallelFor(
        static_cast<int64_t>(count),
        [&](int64_t index) -> Status {
          ARROW_RETURN_NOT_OK(context_->stop.Poll());
          return body(index);
        },
        &metrics_->cpu_nanos);
  }

  Status MakeOrders() {
    orders_.resize(sides_.size());
    compact_orders_.resize(sides_.size());
    compacted_.resize(tasks_.size());
    return ForEach(sides_.size(), [&](int64_t s) -> Status {
      ARROW_ASSIGN_OR_RAISE(
          orders_[s],
          column::MakeGatherOrder(sides_[s].row_numbers, sides_[s].rows->chunk_offsets(),
                                  context_->pool));
      const bool decodes =
          std::any_of(sides_[s].columns.begin(), sides_[s].columns.end(),
                      [&](int column) { return !sides_[s].rows->IsResident(column); });
      if (decodes) {
        ARROW_ASSIGN_OR_RAISE(compact_orders_[s],
                              column::MakeCompactOrder(*orders_[s], context_->pool));
      }
      return Status::OK();
    });
  }

  const std::shared_ptr<arrow::DataType>& TypeOf(const Task& task) const {
    return schema_->field(static_cast<int>(task.output))->type();
  }

  Status LoadRange(const Task& task, size_t range_index) {
    const column::CompactOrder& compact = *compact_orders_[task.side];
    return sides_[task.side]
        .rows
        ->LoadRows(compact.order.ranges[range_index].chunk, task.column,
                   compact.RowsOf(range_index), context_->pool)
        .Value(&compacted_[task.output][range_index]);
  }

  bool Decodes(const Task& task) const {
    return TypeOf(task)->id() != arrow::Type::NA &&
           !sides_[task.side].rows->IsResident(task.column);
  }

  /// Rows that lie far away are fetched ahead: slot for slot the columns that are next.
  void TellExpected(size_t side) const {
    const auto* expected = dynamic_cast<const exec::ExpectedRows*>(sides_[side].rows);
    if (expected == nullptr) return;
    std::vector<Task> tasks;
    for (const Task& task : tasks_) {
      if (task.side == side && Decodes(task)) tasks.push_back(task);
    }
    std::vector<exec::RowPiece> pieces;
    const auto slots = static_cast<size_t>(context_->slots->num_slots());
    for (size_t first = 0; first < tasks.size(); first += slots) {
      const size_t last = std::min(first + slots, tasks.size());
      for (const column::GatherOrder::Range& range : orders_[side]->ranges) {
        for (size_t t = first; t < last; ++t) {
          pieces.push_back({range.chunk, tasks[t].column});
        }
      }
    }
    expected->Expect(std::move(pieces));
  }

  /// Few columns: decode by chunk as well as by column, so that all slots have work.
  Status CompactByRange() {
    std::vector<std::pair<const Task*, size_t>> pieces;
    for (const Task& task : tasks_) {
      if (!Decodes(task)) continue;
      const size_t ranges = orders_[task.side]->ranges.size();
      compacted_[task.output].resize(ranges);
      for (size_t range = 0; range < ranges; ++range) pieces.emplace_back(&task, range);
    }
    return ForEach(pieces.size(), [&](int64_t i) {
      return LoadRange(*pieces[i].first, pieces[i].second);
    });
  }

  Status Run(const Task& task) {
    const GatherOrder& order = *orders_[task.side];
    std::vector<ArrayPtr> chunks(order.ranges.size());
    const bool decodes = Decodes(task);
    if (decodes) {
      if (compacted_[task.output].empty()) {
        compacted_[task.output].resize(order.ranges.size());
        for (size_t range = 0; range < order.ranges.size(); ++range) {
          ARROW_RETURN_NOT_OK(context_->stop.Poll());
          ARROW_RETURN_NOT_OK(LoadRange(task, range));
        }
      }
      chunks = std::move(compacted_[task.output]);
    } else if (TypeOf(task)->id() != arrow::Type::NA) {
      for (size_t range = 0; range < chunks.size(); ++range) {
        ARROW_ASSIGN_OR_RAISE(chunks[range], sides_[task.side].rows->LoadColumn(
                                                 order.ranges[range].chunk, task.column));
      }
    }
    auto output = column::Gather(TypeOf(task), chunks,
                                 decodes ? compact_orders_[task.side]->order : order,
                                 context_->pool);
    if (output.status().IsInvalid()) {
      return DataError("column '", schema_->field(static_cast<int>(task.output))->name(),
                       "': ", output.status().message());
    }
    ARROW_ASSIGN_OR_RAISE(outputs_[task.output], std::move(output));
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema_;
  const std::vector<WindowSide>& sides_;
  exec::RunContext* context_;
  exec::StepMetrics* metrics_;
  std::vector<Task> tasks_;
  std::vector<std::optional<GatherOrder>> orders_;
  std::vector<std::optional<column::CompactOrder>> compact_orders_;
  std::vector<std::vector<ArrayPtr>> compacted_;  ///< by output column, then range
  std::vector<ArrayPtr> outputs_;
};

}  // namespace

Status GatherWindow(
    const std::shared_ptr<arrow::Schema>& schema, const std::vector<WindowSide>& sides,
    exec::RunContext* context, exec::StepMetrics* metrics,
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take) {
  const size_t rows = sides[0].row_numbers.size();
  Result<std::shared_ptr<arrow::RecordBatch>> batch =
      Window(schema, sides, context, metrics).Gather();
  if (batch.ok()) return take(std::move(*batch));
  if (!batch.status().IsCapacityError() || rows < 2) return batch.status();
  std::vector<WindowSide> first = sides;
  std::vector<WindowSide> second = sides;
  for (size_t s = 0; s < sides.size(); ++s) {
    first[s].row_numbers = sides[s].row_numbers.first(rows / 2);
    second[s].row_numbers = sides[s].row_numbers.subspan(rows / 2);
  }
  ARROW_RETURN_NOT_OK(GatherWindow(schema, first, context, metrics, take));
  return GatherWindow(schema, second, context, metrics, take);
}

int64_t WindowBytes(const std::vector<WindowSide>& sides,
                    const exec::RunContext& context) {
  bool decodes = false;
  bool are_held = !sides.empty();
  for (const WindowSide& side : sides) {
    for (const int column : side.columns) decodes |= !side.rows->IsResident(column);
    are_held &= dynamic_cast<const RetainedRows*>(side.rows) != nullptr;
  }
  if (are_held) return std::max<int64_t>(context.window_bytes / 4, 1);
  return decodes ? context.decoded_window_bytes : context.window_bytes;
}

int64_t WindowRows(const arrow::Schema& schema, const std::vector<WindowSide>& sides,
                   const exec::RunContext& context) {
  int64_t bits = 64;
  for (const auto& field : schema.fields()) {
    if (field->type()->id() == arrow::Type::NA) continue;
    bits +=
        arrow::is_fixed_width(*field->type())
            ? arrow::internal::checked_cast<const arrow::FixedWidthType&>(*field->type())
                  .bit_width()
            : 8 * kStringBytesGuess;
  }
  constexpr int64_t kRowsMax = int64_t{1} << 30;
  return std::clamp<int64_t>(WindowBytes(sides, context) / (bits / 8), 1, kRowsMax);
}

}  // namespace windrow::op
