// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/collect.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/exec/memory_budget.h"
#include "windrow/exec/task_slots.h"
#include "windrow/op/collect_split.h"

namespace windrow::op {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

struct CollectInput : exec::Prepared {
  CollectPiece piece;
};

/// `list_columns` and the order columns that are not among them.
std::vector<int> PayloadOf(const Collect::Options& options) {
  std::vector<int> payload = options.list_columns;
  for (const int column : options.order_columns) {
    if (std::find(payload.begin(), payload.end(), column) == payload.end()) {
      payload.push_back(column);
    }
  }
  return payload;
}

std::shared_ptr<arrow::Schema> OutputSchema(const Collect::Options& options,
                                            const arrow::Schema& input) {
  arrow::FieldVector fields;
  for (const int key : options.key_columns) fields.push_back(input.field(key));
  for (const int column : options.list_columns) {
    const auto& field = input.field(column);
    fields.push_back(
        arrow::field(field->name(), arrow::list(field->WithName("item")), false));
  }
  return arrow::schema(std::move(fields));
}

int PositionIn(const std::vector<int>& columns, int column) {
  return static_cast<int>(std::find(columns.begin(), columns.end(), column) -
                          columns.begin());
}

}  // namespace

Collect::Collect(Options options, std::shared_ptr<arrow::Schema> input_schema,
                 exec::RunContext* context, exec::StepMetrics* metrics)
    : options_(std::move(options)),
      context_(context),
      metrics_(metrics),
      payload_(PayloadOf(options_)),
      output_schema_(OutputSchema(options_, *input_schema)),
      groups_(std::make_shared<CollectedGroups>()),
      coding_(input_schema, options_.key_columns, payload_, !is_sorted(), context),
      store_(&coding_.keys(), is_sorted(), options_.rows_expected, context, metrics),
      rank_of_code_(context->pool),
      order_{&coding_, &rank_of_code_, {}, options_.order_keys} {
  for (const int column : options_.list_columns) {
    list_payload_.push_back(PositionIn(payload_, column));
  }
  for (const int column : options_.order_columns) {
    order_.columns.push_back(PositionIn(payload_, column));
  }
  groups_->count = options_.sorted_groups.value_or(-1);
}

Collect::~Collect() = default;

Result<std::unique_ptr<exec::Prepared>> Collect::Prepare(BatchPtr batch) {
  auto input = std::make_unique<CollectInput>();
  if (is_sorted() || !store_.has_ranges()) {
    ARROW_ASSIGN_OR_RAISE(input->piece, coding_.Code(*batch, nullptr));
    return input;
  }
  column::PoolVector<uint32_t> ranges(context_->pool);
  ARROW_ASSIGN_OR_RAISE(input->piece, coding_.Code(*batch, &ranges));
  ARROW_RETURN_NOT_OK(
      PartitionPiece(ranges.view(), store_.num_ranges(), context_->pool, &input->piece));
  return input;
}

Status Collect::Consume(std::unique_ptr<exec::Prepared> prepared,
                        exec::Emitter* emitter) {
  CollectPiece piece = std::move(static_cast<CollectInput&>(*prepared).piece);
  if (is_sorted()) return ConsumeSorted(std::move(piece), emitter);
  return store_.Add(std::move(piece));
}

/// The store holds the rows of the open group; whole groups before it are a part.
Status Collect::ConsumeSorted(CollectPiece piece, exec::Emitter* emitter) {
  const auto* codes =
      static_cast<const arrow::UInt32Array&>(*piece.columns[0]).raw_values();
  int64_t last_start = -1;
  for (int64_t row = 0; row < piece.rows; ++row) {
    if (codes[row] == open_code_) continue;
    open_code_ = codes[row];
    last_start = row;
    const int64_t known = rank_of_code_.size();
    if (codes[row] >= known) {
      ARROW_RETURN_NOT_OK(
          rank_of_code_.Resize(std::max<int64_t>(codes[row] + 1, 2 * known)));
      std::fill(rank_of_code_.begin() + known, rank_of_code_.end(), UINT32_MAX);
    }
    WINDROW_CHECK(rank_of_code_[codes[row]] == UINT32_MAX);
    rank_of_code_[codes[row]] = next_rank_++;
  }
  if (last_start < 0) return store_.Add(std::move(piece));
  ARROW_RETURN_NOT_OK(store_.Add(piece.Slice(0, last_start)));
  ARROW_RETURN_NOT_OK(CompleteGroups());
  ARROW_RETURN_NOT_OK(store_.Add(piece.Slice(last_start, piece.rows - last_start)));
  const auto wanted = static_cast<size_t>(2 * context_->slots->num_slots());
  int64_t bytes = 0;
  for (const CollectPart& part : complete_) bytes += part.bytes;
  if (complete_.size() < wanted && bytes < part_bytes_max()) return Status::OK();
  return EmitParts(&complete_, emitter);
}

/// Makes what is in the store a part of whole groups.
Status Collect::CompleteGroups() {
  ARROW_ASSIGN_OR_RAISE(CollectPart part, store_.TakeAll());
  if (part.rows > 0) complete_.push_back(std::move(part));
  return Status::OK();
}

Status Collect::Finish(exec::Emitter* emitter) {
  if (is_sorted()) {
    ARROW_RETURN_NOT_OK(CompleteGroups());
    ARROW_RETURN_NOT_OK(coding_.Finish());
    ARROW_RETURN_NOT_OK(EmitParts(&complete_, emitter));
    groups_->count = next_rank_;
    metrics_->SetStrategy("streamed", "the input is sorted by key");
  } else {
    ARROW_RETURN_NOT_OK(store_.Close());
    ARROW_RETURN_NOT_OK(coding_.Finish());
    ARROW_RETURN_NOT_OK(RankGroups());
    ARROW_RETURN_NOT_OK(EmitRanges(emitter));
    std::string ranges = std::to_string(store_.num_ranges()) + " key ranges";
    if (split_parts_ > 0)
      ranges += ", " + std::to_string(split_parts_) + " of them split";
    metrics_->SetStrategy(store_.has_spilled() ? ranges + " on disk" : ranges,
                          store_.has_spilled() ? "the rows do not fit the budget"
                                               : "the rows fit the budget");
  }
  metrics_->Count("groups", groups_->count);
  return Status::OK();
}

/// Ranks the codes that rows have by their keys, null last.
Status Collect::RankGroups() {
  column::PoolVector<uint32_t> ordered(context_->pool);
  ARROW_RETURN_NOT_OK(coding_.keys().values().CodesInOrder(&ordered));
  const std::vector<uint8_t> used = coding_.keys().TakeUsed();
  ARROW_RETURN_NOT_OK(
      rank_of_code_.Assign(coding_.keys().values().code_limit(), UINT32_MAX));
  const auto is_used = [&](uint32_t code) {
    return code < used.size() && used[code] != 0;
  };
  uint32_t rank = 0;
  for (const uint32_t code : ordered) {
    if (is_used(code)) rank_of_code_[code] = rank++;
  }
  constexpr uint32_t kNull = column::ValueDictionary::kNullCode;
  if (is_used(kNull)) rank_of_code_[kNull] = rank++;
  groups_->count = rank;
  return Status::OK();
}

Status Collect::EmitRanges(exec::Emitter* emitter) {
  const auto window = static_cast<size_t>(4 * context_->slots->num_slots());
  std::vector<CollectPart> parts;
  int64_t bytes = 0;
  for (uint32_t range = 0; range < store_.num_ranges(); ++range) {
    CollectPart part = store_.TakeRange(range);
    if (part.rows == 0) continue;
    bytes += part.bytes;
    parts.push_back(std::move(part));
    if (parts.size() < window && bytes < part_bytes_max()) continue;
    ARROW_RETURN_NOT_OK(EmitParts(&parts, emitter));
    bytes = 0;
  }
  return EmitParts(&parts, emitter);
}

/// What a part may take when sorted beside those of the other slots: it is loaded,
/// joined, ordered and made into lists, and what comes after needs as much again.
int64_t Collect::part_bytes_max() const {
  constexpr int64_t kUnbounded = int64_t{1} << 30;
  if (context_->budget == nullptr) return kUnbounded;
  return std::min(kUnbounded,
                  context_->budget->budget_bytes() / (8 * context_->slots->num_slots()));
}

/// Emits and clears `parts`, splitting those that are too large.
Status Collect::EmitParts(std::vector<CollectPart>* parts, exec::Emitter* emitter) {
  std::vector<CollectPart> window;
  for (CollectPart& part : *parts) {
    if (part.bytes <= part_bytes_max()) {
      window.push_back(std::move(part));
      continue;
    }
    ARROW_RETURN_NOT_OK(EmitWindow(&window, emitter));
    ARROW_ASSIGN_OR_RAISE(
        std::vector<CollectPart> split,
        SplitPart(std::exchange(part, {}), order_, part_bytes_max(), context_, metrics_));
    ++split_parts_;
    const auto slots = static_cast<size_t>(context_->slots->num_slots());
    for (size_t begin = 0; begin < split.size(); begin += slots) {
      const size_t end = std::min(split.size(), begin + slots);
      window.assign(
          std::make_move_iterator(split.begin() + static_cast<ptrdiff_t>(begin)),
          std::make_move_iterator(split.begin() + static_cast<ptrdiff_t>(end)));
      ARROW_RETURN_NOT_OK(EmitWindow(&window, emitter));
    }
  }
  parts->clear();
  return EmitWindow(&window, emitter);
}

Result<std::vector<BatchPtr>> Collect::Lists(const SortedGroups& groups) const {
  return MakeListBatches(groups, options_.max_rows, list_payload_, coding_,
                         output_schema_, context_->pool);
}

/// Sorts the parts in parallel and emits them in order.
Status Collect::EmitWindow(std::vector<CollectPart>* parts, exec::Emitter* emitter) {
  const size_t count = parts->size();
  std::vector<SortedGroups> sorted(count);
  std::vector<std::vector<BatchPtr>> lists(count);
  // Whether the last group of what comes before part i may go on in it.
  std::vector<uint8_t> goes_on = {!carried_.ends.empty()};
  for (const CollectPart& part : *parts) goes_on.push_back(part.is_continued);
  ARROW_RETURN_NOT_OK(context_->slots->ParallelFor(
      static_cast<int64_t>(count),
      [&](int64_t index) -> Status {
        const auto i = static_cast<size_t>(index);
        ARROW_RETURN_NOT_OK(context_->stop.Poll());
        CollectPart part = std::exchange((*parts)[i], {});
        ARROW_ASSIGN_OR_RAISE(const CollectPiece piece,
                              LoadPart(part, coding_, context_->pool));
        const bool is_ordered = part.is_ordered;
        part = {};
        const bool stands_alone = !goes_on[i] && !goes_on[i + 1];
        ARROW_ASSIGN_OR_RAISE(
            sorted[i],
            SortGroups(piece, order_, is_ordered,
                       options_.dictionary_lists && stands_alone, context_->pool));
        if (!stands_alone) return Status::OK();
        ARROW_ASSIGN_OR_RAISE(lists[i], Lists(sorted[i]));
        sorted[i] = {};
        return Status::OK();
      },
      &metrics_->cpu_nanos));
  std::vector<BatchPtr> batches;
  for (size_t i = 0; i < count; ++i) {
    if (!sorted[i].ends.empty()) {
      ARROW_RETURN_NOT_OK(emitter->Emit(std::exchange(batches, {})));
      ARROW_RETURN_NOT_OK(
          EmitContinued(std::exchange(sorted[i], {}), goes_on[i + 1] != 0, emitter));
    }
    std::move(lists[i].begin(), lists[i].end(), std::back_inserter(batches));
  }
  parts->clear();
  return emitter->Emit(std::move(batches));
}

/// Emits groups of which the first may have begun before and the last may go on after.
Status Collect::EmitContinued(SortedGroups groups, bool is_continued,
                              exec::Emitter* emitter) {
  ARROW_ASSIGN_OR_RAISE(groups, JoinGroups(carried_, groups, context_->pool));
  carried_ = is_continued ? SplitOffLast(options_.max_rows, &groups) : SortedGroups();
  ARROW_ASSIGN_OR_RAISE(std::vector<BatchPtr> batches, Lists(groups));
  return emitter->Emit(std::move(batches));
}

}  // namespace windrow::op
