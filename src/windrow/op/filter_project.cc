// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/filter_project.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "windrow/exec/evaluate.h"
#include "windrow/exec/table.h"
#include "windrow/op/evaluate_by_value.h"

namespace windrow::op {

Filter::Filter(arrow::compute::Expression predicate, std::string text,
               std::shared_ptr<arrow::Schema> schema, exec::RunContext* context)
    : predicate_(std::move(predicate)),
      columns_read_(ColumnsRead(predicate_)),
      text_(std::move(text)),
      schema_(std::move(schema)),
      context_(context) {}

Result<std::shared_ptr<arrow::RecordBatch>> Filter::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(const auto plain,
                        WithPlain(batch, columns_read_, *schema_, context_->pool));
  ARROW_ASSIGN_OR_RAISE(const auto mask,
                        exec::Evaluate(predicate_, *plain, context_->pool, text_));
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

Project::Project(const std::vector<Column>& columns,
                 std::shared_ptr<arrow::Schema> input_schema,
                 std::shared_ptr<arrow::Schema> output_schema, exec::RunContext* context)
    : input_schema_(std::move(input_schema)),
      schema_(std::move(output_schema)),
      context_(context) {
  for (const Column& column : columns) {
    Planned planned{column, {}, false};
    if (column.input < 0) {
      planned.columns_read = ColumnsRead(*column.expression);
      planned.is_by_value =
          planned.columns_read.size() == 1 && IsPure(*column.expression);
    }
    if (!planned.is_by_value) {
      columns_read_together_.insert(columns_read_together_.end(),
                                    planned.columns_read.begin(),
                                    planned.columns_read.end());
    }
    columns_.push_back(std::move(planned));
  }
}

Result<std::shared_ptr<arrow::RecordBatch>> Project::Process(
    std::shared_ptr<arrow::RecordBatch> batch) {
  ARROW_ASSIGN_OR_RAISE(const auto plain, WithPlain(batch, columns_read_together_,
                                                    *input_schema_, context_->pool));
  arrow::ArrayVector outputs;
  outputs.reserve(columns_.size());
  for (const auto& [column, columns_read, is_by_value] : columns_) {
    if (column.input >= 0) {
      outputs.push_back(batch->column(column.input));
      continue;
    }
    const bool is_coded =
        is_by_value &&
        input_schema_->field(columns_read[0])->type()->id() != arrow::Type::DICTIONARY;
    ARROW_ASSIGN_OR_RAISE(
        auto output, is_coded ? EvaluateByValue(*column.expression, columns_read[0],
                                                *batch, context_->pool, column.text)
                              : exec::Evaluate(*column.expression, *plain, context_->pool,
                                               column.text));
    outputs.push_back(std::move(output));
  }
  return exec::MakeScanBatch(schema_, batch->num_rows(), std::move(outputs));
}

}  // namespace windrow::op
