// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/evaluate.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/expression.h>
#include <arrow/record_batch.h>

#include <string>

namespace windrow::exec {

Result<std::shared_ptr<arrow::Array>> Evaluate(
    const arrow::compute::Expression& expression, const arrow::RecordBatch& batch,
    arrow::MemoryPool* pool, std::string_view text) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  const auto value = arrow::compute::ExecuteScalarExpression(
      expression, arrow::compute::ExecBatch(batch), &context);
  if (!value.ok()) {
    const std::string name = text.empty() ? expression.ToString() : std::string(text);
    return AtInput("'" + name + "'", value.status());
  }
  switch (value->kind()) {
    case arrow::Datum::SCALAR:
      return arrow::MakeArrayFromScalar(*value->scalar(), batch.num_rows(), pool);
    case arrow::Datum::CHUNKED_ARRAY:
      return arrow::Concatenate(value->chunked_array()->chunks(), pool);
    default:
      return value->make_array();
  }
}

}  // namespace windrow::exec
