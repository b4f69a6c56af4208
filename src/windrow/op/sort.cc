// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/sort.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <numeric>

#include "windrow/exec/pipeline.h"
#include "windrow/op/gather_window.h"

namespace windrow::op {
namespace {

/// Survivors kept before they are cut again: high enough that cutting costs little a row.
constexpr int64_t kCompactFactor = 8;
constexpr int64_t kCompactRowsMin = 64 * 1024;

/// A batch, or what a limit leaves of it: several pieces when it is wider than a window.
struct SortInput : exec::Prepared {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

/// Arrow sorts neither dictionaries inside tables nor null-typed columns; a null-typed
/// key orders nothing and is left out by the caller.
Result<std::shared_ptr<arrow::Array>> SortableColumn(
    std::shared_ptr<arrow::Array> column, arrow::compute::ExecContext* compute) {
  if (column->type_id() != arrow::Type::DICTIONARY) return column;
  const auto& coded =
      arrow::internal::checked_cast<const arrow::DictionaryArray&>(*column);
  return arrow::compute::Take(*coded.dictionary(), *coded.indices(),
                              arrow::compute::TakeOptions::NoBoundsCheck(), compute);
}

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
}

Result<std::vector<int64_t>> Sort::OrderOf(const RetainedRows& rows) const {
  const int64_t count = rows.chunk_offsets().back();
  const int64_t wanted = std::min(count, options_.limit.value_or(count));
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (options_.keys.empty()) {
    order.resize(static_cast<size_t>(wanted));
    return order;
  }
  arrow::compute::ExecContext compute(context_->pool);
  compute.set_use_threads(false);
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  std::vector<arrow::compute::SortKey> keys;
  for (size_t k = 0; k < options_.keys.size(); ++k) {
    const Key& key = options_.keys[k];
    arrow::ArrayVector chunks;
    for (int chunk = 0; chunk + 1 < static_cast<int>(rows.chunk_offsets().size());
         ++chunk) {
      ARROW_ASSIGN_OR_RAISE(auto column, rows.LoadColumn(chunk, key.column));
      ARROW_ASSIGN_OR_RAISE(column, SortableColumn(std::move(column), &compute));
      chunks.push_back(std::move(column));
    }
    fields.push_back(arrow::field(std::to_string(k), chunks[0]->type()));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(chunks)));
    keys.emplace_back(arrow::FieldRef(static_cast<int>(k)),
                      key.descending ? arrow::compute::SortOrder::Descending
                                     : arrow::compute::SortOrder::Ascending,
                      key.nulls_first ? arrow::compute::NullPlacement::AtStart
                                      : arrow::compute::NullPlacement::AtEnd);
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), columns, count);
  ARROW_ASSIGN_OR_RAISE(
      const auto indices,
      arrow::compute::SortIndices(
          arrow::Datum(table), arrow::compute::SortOptions(std::move(keys)), &compute));
  const auto* sorted = indices->data()->GetValues<uint64_t>(1);
  order.assign(sorted, sorted + wanted);
  return order;
}

Status Sort::TakeOrdered(
    const RetainedRows& rows, const std::vector<int64_t>& order,
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take) const {
  std::vector<int> columns(static_cast<size_t>(schema_->num_fields()));
  std::iota(columns.begin(), columns.end(), 0);
  const auto window_rows = static_cast<size_t>(WindowRows(*schema_, {}, *context_));
  for (size_t start = 0; start < order.size(); start += window_rows) {
    const auto window =
        std::span(order).subspan(start, std::min(window_rows, order.size() - start));
    ARROW_RETURN_NOT_OK(
        GatherWindow(schema_, {{&rows, window, columns}}, context_, metrics_, take));
  }
  return Status::OK();
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
  ARROW_ASSIGN_OR_RAISE(std::vector<int64_t> order, OrderOf(rows));
  // In input order, so that equal rows of the whole input still keep theirs.
  std::sort(order.begin(), order.end());
  ARROW_RETURN_NOT_OK(TakeOrdered(rows, order, [&](auto first_rows) {
    input->batches.push_back(std::move(first_rows));
    return Status::OK();
  }));
  return input;
}

Status Sort::Consume(std::unique_ptr<exec::Prepared> prepared, exec::Emitter*) {
  for (auto& batch : static_cast<SortInput&>(*prepared).batches)
    rows_->Add(std::move(batch));
  if (!options_.limit.has_value()) return Status::OK();
  const int64_t count = rows_->chunk_offsets().back();
  if (count < kCompactRowsMin || count / kCompactFactor < *options_.limit)
    return Status::OK();
  ARROW_ASSIGN_OR_RAISE(std::vector<int64_t> order, OrderOf(*rows_));
  std::sort(order.begin(), order.end());
  auto survivors = std::make_unique<RetainedRows>(schema_);
  ARROW_RETURN_NOT_OK(TakeOrdered(*rows_, order, [&](auto batch) {
    survivors->Add(std::move(batch));
    return Status::OK();
  }));
  rows_ = std::move(survivors);
  return Status::OK();
}

Status Sort::Finish(exec::Emitter* emitter) {
  if (rows_->chunk_offsets().back() == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const std::vector<int64_t> order, OrderOf(*rows_));
  return TakeOrdered(*rows_, order, [&](auto batch) {
    return emitter->Emit(exec::CutIntoMorsels(batch, *context_));
  });
}

}  // namespace windrow::op
