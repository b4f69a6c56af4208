// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/flight_columns.h"

#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>

#include "windrow/source/ipc_decoder.h"

namespace windrow::source {
namespace {

/// The same columns; whether they may be null is not looked at.
bool HasColumns(const arrow::Schema& schema, const arrow::Schema& wanted) {
  const auto is_same = [](const auto& a, const auto& b) {
    return a == b || (a->name() == b->name() && a->type()->Equals(*b->type()));
  };
  return std::equal(schema.fields().begin(), schema.fields().end(),
                    wanted.fields().begin(), wanted.fields().end(), is_same);
}

Result<std::shared_ptr<arrow::Array>> ColumnOfBatch(const arrow::RecordBatch& batch,
                                                    const arrow::Field& wanted,
                                                    arrow::MemoryPool* pool) {
  const std::vector<int> found = batch.schema()->GetAllFieldIndices(wanted.name());
  if (found.size() != 1) {
    return DataError("found ", found.empty() ? "no column '" : "several columns '",
                     wanted.name(), "'; expected one");
  }
  auto array = batch.column(found[0]);
  if (!IpcOutputType(array->type())->Equals(*wanted.type())) {
    return DataError("column '", wanted.name(), "': found ", array->type()->ToString(),
                     ", expected ", wanted.type()->ToString());
  }
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return FlattenIpcArray(std::move(array), wanted.type(), &context);
}

}  // namespace

std::shared_ptr<arrow::Schema> FlightOutputSchema(const arrow::Schema& served) {
  arrow::FieldVector fields = served.fields();
  for (auto& field : fields) field = field->WithType(IpcOutputType(field->type()));
  return arrow::schema(std::move(fields), served.metadata());
}

std::string DifferenceOf(const arrow::Schema& columns, const arrow::Schema& there) {
  const int shared = std::min(columns.num_fields(), there.num_fields());
  for (int i = 0; i < shared; ++i) {
    const arrow::Field& here = *columns.field(i);
    const arrow::Field& other = *there.field(i);
    if (here.Equals(other)) continue;
    return "column " + std::to_string(i + 1) + " is " + here.ToString() + ", there " +
           other.ToString();
  }
  if (columns.num_fields() == there.num_fields()) return "";
  return std::to_string(columns.num_fields()) + " columns, there " +
         std::to_string(there.num_fields());
}

Result<std::shared_ptr<arrow::RecordBatch>> ColumnsOfBatch(
    std::string_view place, const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::Schema>& wanted, bool is_trusted,
    arrow::MemoryPool* pool) {
  if (!is_trusted) {
    const Status valid = batch->ValidateFull();
    if (!valid.ok()) return AtInput(place, valid);
  }
  if (HasColumns(*batch->schema(), *wanted)) {
    return arrow::RecordBatch::Make(wanted, batch->num_rows(), batch->columns());
  }
  arrow::ArrayVector columns;
  for (const auto& field : wanted->fields()) {
    auto column = ColumnOfBatch(*batch, *field, pool);
    if (!column.ok()) return AtInput(place, column.status());
    columns.push_back(*std::move(column));
  }
  return arrow::RecordBatch::Make(wanted, batch->num_rows(), std::move(columns));
}

}  // namespace windrow::source
