// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/filter_project.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>

#include "windrow/exec/evaluate.h"

namespace windrow::op {

Filter::Filter(arrow::compute::Expression predicate, std::string text,
               std::shared_ptr<arrow::Schema> schema, exec::RunContext* context)
    : predicate_(std::move(predicate)),
      text_(std::move(text)),
      schema_(std::move(schema)),
      context_(context) {}

Result<std::shared_ptr<arrow::RecordBatch>> Filter::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(const auto mask,
                        exec::Evaluate(predicate_, *batch, context_->pool, text_));
  if (mask->type_id() == arrow::Type::NA) return batch->Slice(0, 0);
  const auto& kept = static_cast<const arrow::BooleanArray&>(*mask);
  const int64_t true_count = kept.true_count();
  if (true_count == batch->num_rows()) return batch;
  if (true_count == 0) return batch->Slice(0, 0);
  if (batch->num_columns() == 0) {
    return arrow::RecordBatch::Make(schema_, true_count, arrow::ArrayVector());
  }
  arrow::compute::ExecContext compute(context_->pool);
  compute.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum filtered,
      arrow::compute::Filter(batch, mask, arrow::compute::FilterOptions::Defaults(),
                             &compute));
  return filtered.record_batch();
}

Project::Project(std::vector<Column> columns,
                 std::shared_ptr<arrow::Schema> output_schema, exec::RunContext* context)
    : columns_(std::move(columns)),
      schema_(std::move(output_schema)),
      context_(context) {}

Result<std::shared_ptr<arrow::RecordBatch>> Project::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  arrow::ArrayVector outputs;
  outputs.reserve(columns_.size());
  for (const Column& column : columns_) {
    if (column.input >= 0) {
      outputs.push_back(batch->column(column.input));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto output, exec::Evaluate(*column.expression, *batch,
                                                      context_->pool, column.text));
    outputs.push_back(std::move(output));
  }
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(outputs));
}

}  // namespace windrow::op
