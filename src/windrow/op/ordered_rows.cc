// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/ordered_rows.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/column/plain_column.h"
#include "windrow/op/gather_window.h"

namespace windrow::op {
namespace {

Result<OrderedRows> OrderIn(Result<std::shared_ptr<arrow::Buffer>> made) {
  ARROW_ASSIGN_OR_RAISE(auto memory, std::move(made));
  WINDROW_CHECK(memory->is_mutable());
  auto* rows = reinterpret_cast<int64_t*>(memory->mutable_data());
  const auto count = static_cast<size_t>(memory->size() / 8);
  return OrderedRows{std::move(memory), {rows, count}};
}

}  // namespace

Result<OrderedRows> OrderRows(const exec::RowStore& rows,
                              const std::vector<SortKey>& sort_keys,
                              std::optional<int64_t> limit, arrow::MemoryPool* pool) {
  const int64_t count = rows.chunk_offsets().back();
  const int64_t wanted = std::min(count, limit.value_or(count));
  if (sort_keys.empty()) {
    ARROW_ASSIGN_OR_RAISE(OrderedRows order,
                          OrderIn(arrow::AllocateBuffer(wanted * 8, pool)));
    std::iota(order.rows.begin(), order.rows.end(), int64_t{0});
    return order;
  }
  arrow::compute::ExecContext compute(pool);
  compute.set_use_threads(false);
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector columns;
  std::vector<arrow::compute::SortKey> keys;
  for (size_t k = 0; k < sort_keys.size(); ++k) {
    const SortKey& key = sort_keys[k];
    arrow::ArrayVector chunks;
    for (int chunk = 0; chunk + 1 < static_cast<int>(rows.chunk_offsets().size());
         ++chunk) {
      ARROW_ASSIGN_OR_RAISE(auto column, rows.LoadColumn(chunk, key.column));
      // Arrow sorts neither dictionaries inside tables nor null-typed columns; a
      // null-typed key orders nothing and is left out by the caller.
      ARROW_ASSIGN_OR_RAISE(column, column::PlainColumn(column, pool));
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
  // Row numbers stay far below where the two integer types differ.
  ARROW_ASSIGN_OR_RAISE(OrderedRows order, OrderIn(indices->data()->buffers[1]));
  order.rows = order.rows.first(static_cast<size_t>(wanted));
  return order;
}

Status TakeOrdered(
    const exec::RowStore& rows, std::span<const int64_t> order, exec::RunContext* context,
    exec::StepMetrics* metrics,
    const std::function<Status(std::shared_ptr<arrow::RecordBatch>)>& take) {
  const auto& schema = rows.schema();
  std::vector<int> columns(static_cast<size_t>(schema->num_fields()));
  std::iota(columns.begin(), columns.end(), 0);
  const auto window_rows = static_cast<size_t>(WindowRows(*schema, {}, *context));
  for (size_t start = 0; start < order.size(); start += window_rows) {
    const auto window = order.subspan(start, std::min(window_rows, order.size() - start));
    ARROW_RETURN_NOT_OK(
        GatherWindow(schema, {{&rows, window, columns}}, context, metrics, take));
  }
  return Status::OK();
}

}  // namespace windrow::op
