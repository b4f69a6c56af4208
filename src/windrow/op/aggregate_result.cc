// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/aggregate_result.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "windrow/exec/pipeline.h"

namespace windrow::op {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

namespace {

/// Rows of one bin when groups are counted by first row.
constexpr int64_t kBinRows = 1024;

struct Ref {
  int64_t first_row;
  uint32_t part;
  uint32_t group;
};

Result<ArrayPtr> TakeRows(const ArrayPtr& column, const ArrayPtr& rows,
                          arrow::MemoryPool* pool) {
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  return arrow::compute::Take(*column, *rows,
                              arrow::compute::TakeOptions::NoBoundsCheck(), &compute);
}

Result<ArrayPtr> NumbersOf(std::span<const int64_t> numbers, arrow::MemoryPool* pool) {
  const auto count = static_cast<int64_t>(numbers.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(count * 8, pool));
  std::copy(numbers.begin(), numbers.end(),
            reinterpret_cast<int64_t*>(buffer->mutable_data()));
  return std::make_shared<arrow::Int64Array>(count, std::move(buffer));
}

}  // namespace

AggregateResult::AggregateResult(const AggregateLayout& layout,
                                 const AggregateCoding& coding, Parts parts,
                                 exec::RunContext* context)
    : layout_(layout), coding_(coding), parts_(parts), context_(context) {}

/// Groups of one batch.
int64_t AggregateResult::BatchGroups() const {
  int64_t groups = 0;
  int64_t bytes = 0;
  for (const auto& part : parts_) {
    if (part == nullptr) continue;
    groups += part->num_groups();
    for (size_t i = 0; i < layout_.kinds.size(); ++i) bytes += part->state(i).bytes();
  }
  return exec::PieceRows(groups, bytes + groups * coding_.keys().row_bytes(), *context_);
}

std::vector<int64_t> AggregateResult::Cuts(int64_t rows) const {
  std::vector<int64_t> bins(static_cast<size_t>(rows / kBinRows + 1), 0);
  for (const auto& part : parts_) {
    if (part == nullptr) continue;
    for (const int64_t row : part->first_rows())
      ++bins[static_cast<size_t>(row / kBinRows)];
  }
  const int64_t batch_groups = BatchGroups();
  std::vector<int64_t> cuts = {0};
  int64_t groups = 0;
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    if (groups > 0 && groups + bins[bin] > batch_groups) {
      cuts.push_back(static_cast<int64_t>(bin) * kBinRows);
      groups = 0;
    }
    groups += bins[bin];
  }
  cuts.push_back(rows);
  return cuts;
}

Result<ArrayPtr> AggregateResult::Column(const AggregatePart& part, size_t index,
                                         std::span<const uint32_t> groups) const {
  const auto& field =
      layout_.output->field(static_cast<int>(layout_.key_types.size() + index));
  auto column = part.state(index).Finish(groups, context_->pool);
  if (!column.ok()) return At(field->name(), column.status());
  return column;
}

Result<BatchPtr> AggregateResult::InOrder(int64_t begin, int64_t end) const {
  arrow::MemoryPool* pool = context_->pool;
  std::vector<Ref> refs;
  // The groups of each part that belong here, which follow each other.
  std::vector<std::vector<uint32_t>> groups(parts_.size());
  std::vector<uint32_t> starts(parts_.size() + 1, 0);
  for (size_t p = 0; p < parts_.size(); ++p) {
    starts[p + 1] = starts[p];
    if (parts_[p] == nullptr) continue;
    const auto& rows = parts_[p]->first_rows();
    const auto* first = std::lower_bound(rows.begin(), rows.end(), begin);
    const auto* last = std::lower_bound(first, rows.end(), end);
    groups[p].resize(static_cast<size_t>(last - first));
    std::iota(groups[p].begin(), groups[p].end(),
              static_cast<uint32_t>(first - rows.begin()));
    for (const uint32_t group : groups[p]) {
      refs.push_back({rows[group], static_cast<uint32_t>(p), group});
    }
    starts[p + 1] += static_cast<uint32_t>(groups[p].size());
  }
  std::sort(refs.begin(), refs.end(),
            [](const Ref& a, const Ref& b) { return a.first_row < b.first_row; });
  const auto count = static_cast<int64_t>(refs.size());
  const int words = coding_.keys().words();
  column::PoolVector<uint64_t> keys(pool);
  ARROW_RETURN_NOT_OK(keys.Resize(count * words));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> places,
                        arrow::AllocateBuffer(count * 4, pool));
  auto* place = reinterpret_cast<uint32_t*>(places->mutable_data());
  uint64_t* key = keys.data();
  for (const Ref& ref : refs) {
    key = std::copy_n(parts_[ref.part]->table().key(ref.group), words, key);
    *place++ = starts[ref.part] + ref.group - groups[ref.part][0];
  }
  const ArrayPtr order = std::make_shared<arrow::UInt32Array>(count, std::move(places));
  ARROW_ASSIGN_OR_RAISE(std::vector<ArrayPtr> columns,
                        coding_.keys().Decode(keys.data(), count, true, pool));
  for (size_t i = 0; i < layout_.kinds.size(); ++i) {
    arrow::ArrayVector pieces;
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (groups[p].empty()) continue;
      ARROW_ASSIGN_OR_RAISE(pieces.emplace_back(), Column(*parts_[p], i, groups[p]));
    }
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr joined, arrow::Concatenate(pieces, pool));
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), TakeRows(joined, order, pool));
  }
  return arrow::RecordBatch::Make(layout_.output, count, std::move(columns));
}

Result<BatchPtr> AggregateResult::OfPart(const AggregatePart& part) const {
  std::vector<uint32_t> groups(static_cast<size_t>(part.num_groups()));
  std::iota(groups.begin(), groups.end(), 0);
  ARROW_ASSIGN_OR_RAISE(std::vector<ArrayPtr> columns,
                        coding_.keys().Decode(part.table().keys(), part.num_groups(),
                                              true, context_->pool));
  for (size_t i = 0; i < layout_.kinds.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), Column(part, i, groups));
  }
  ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                        NumbersOf(part.first_rows().view(), context_->pool));
  return arrow::RecordBatch::Make(WithFirstRow(*layout_.output), part.num_groups(),
                                  std::move(columns));
}

std::shared_ptr<arrow::Schema> WithFirstRow(const arrow::Schema& output) {
  arrow::FieldVector fields = output.fields();
  fields.push_back(arrow::field("first_row", arrow::int64()));
  return arrow::schema(std::move(fields));
}

}  // namespace windrow::op
