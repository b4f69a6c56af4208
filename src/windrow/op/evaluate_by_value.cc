// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/evaluate_by_value.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/function.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "windrow/column/plain_column.h"
#include "windrow/column/pool_vector.h"
#include "windrow/exec/evaluate.h"

namespace windrow::op {

namespace cp = arrow::compute;
using ArrayPtr = std::shared_ptr<arrow::Array>;

namespace {

void AddColumnsRead(const cp::Expression& expression, std::vector<int>* columns) {
  if (const auto* parameter = expression.parameter()) {
    columns->push_back(parameter->indices[0]);
  } else if (const auto* call = expression.call()) {
    for (const cp::Expression& argument : call->arguments) {
      AddColumnsRead(argument, columns);
    }
  }
}

Result<ArrayPtr> TakeValues(const arrow::Array& values, ArrayPtr places,
                            arrow::MemoryPool* pool) {
  cp::ExecContext compute(pool);
  compute.set_use_threads(false);
  return cp::Take(values, *places, cp::TakeOptions::NoBoundsCheck(), &compute);
}

/// The values of a dictionary column that rows have, null among them, and which of these
/// each row has.
struct UsedValues {
  explicit UsedValues(arrow::MemoryPool* pool) : places(pool) {}
  column::PoolVector<int32_t> places;  ///< in the dictionary; -1: null
  std::shared_ptr<arrow::Buffer> codes;
};

/// None when there are more than `most`.
Result<std::optional<UsedValues>> FindUsed(const arrow::DictionaryArray& column,
                                           int64_t most, arrow::MemoryPool* pool) {
  UsedValues used(pool);
  const int64_t rows = column.length();
  const int64_t values = column.dictionary()->length();
  column::PoolVector<int32_t> numbers(pool);
  ARROW_RETURN_NOT_OK(numbers.Assign(values + 1, -1));  // the last of null
  ARROW_ASSIGN_OR_RAISE(used.codes, arrow::AllocateBuffer(rows * 4, pool));
  auto* codes = reinterpret_cast<int32_t*>(used.codes->mutable_data());
  const auto* indices = column.indices()->data()->GetValues<int32_t>(1);
  const bool has_nulls = column.null_count() > 0;
  for (int64_t row = 0; row < rows; ++row) {
    const bool is_null = has_nulls && column.IsNull(row);
    const int64_t place = is_null ? values : indices[row];
    if (!is_null && (place < 0 || place >= values)) {
      return DataError("dictionary code ", place, ", the dictionary has ", values,
                       " values");
    }
    int32_t& number = numbers[place];
    if (number < 0) {
      if (used.places.size() == most) return std::nullopt;
      number = static_cast<int32_t>(used.places.size());
      ARROW_RETURN_NOT_OK(used.places.Append(is_null ? -1 : static_cast<int32_t>(place)));
    }
    codes[row] = number;
  }
  return used;
}

Result<ArrayPtr> ValuesOf(const UsedValues& used, const arrow::Array& dictionary,
                          arrow::MemoryPool* pool) {
  const int64_t count = used.places.size();
  arrow::Int32Builder places(pool);
  ARROW_RETURN_NOT_OK(places.Reserve(count));
  for (const int32_t place : used.places) {
    place < 0 ? places.UnsafeAppendNull() : places.UnsafeAppend(place);
  }
  ARROW_ASSIGN_OR_RAISE(ArrayPtr indices, places.Finish());
  return TakeValues(dictionary, std::move(indices), pool);
}

}  // namespace

std::vector<int> ColumnsRead(const cp::Expression& expression) {
  std::vector<int> columns;
  AddColumnsRead(expression, &columns);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

bool IsPure(const cp::Expression& expression) {
  const auto* call = expression.call();
  if (call == nullptr) return true;
  return call->function != nullptr && call->function->is_pure() &&
         std::all_of(call->arguments.begin(), call->arguments.end(), IsPure);
}

Result<std::shared_ptr<arrow::RecordBatch>> WithPlain(
    std::shared_ptr<arrow::RecordBatch> batch, const std::vector<int>& columns,
    const arrow::Schema& schema, arrow::MemoryPool* pool) {
  for (const int column : columns) {
    const auto& field = schema.field(column);
    if (batch->column(column)->type_id() != arrow::Type::DICTIONARY ||
        field->type()->id() == arrow::Type::DICTIONARY) {
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(ArrayPtr plain,
                          column::PlainColumn(batch->column(column), pool));
    ARROW_ASSIGN_OR_RAISE(batch, batch->SetColumn(column, field, std::move(plain)));
  }
  return batch;
}

Result<ArrayPtr> EvaluateByValue(const cp::Expression& expression, int column,
                                 const arrow::RecordBatch& batch, arrow::MemoryPool* pool,
                                 std::string_view text) {
  const ArrayPtr& array = batch.column(column);
  if (array->type_id() != arrow::Type::DICTIONARY) {
    return exec::Evaluate(expression, batch, pool, text);
  }
  const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
  const auto alone = [&](const ArrayPtr& values) {
    // Nothing looks at the other columns.
    return exec::Evaluate(
        expression,
        *arrow::RecordBatch::Make(
            batch.schema(), values->length(),
            arrow::ArrayVector(static_cast<size_t>(batch.num_columns()), values)),
        pool, text);
  };
  std::optional<UsedValues> used;
  if (coded.indices()->type_id() == arrow::Type::INT32) {
    ARROW_ASSIGN_OR_RAISE(used, FindUsed(coded, batch.num_rows() / 2, pool));
  }
  if (!used.has_value()) {
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr plain, column::PlainColumn(array, pool));
    return alone(plain);
  }
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr values,
                        ValuesOf(*used, *coded.dictionary(), pool));
  ARROW_ASSIGN_OR_RAISE(ArrayPtr results, alone(values));
  auto codes = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int32(), batch.num_rows(), {nullptr, std::move(used->codes)}, 0));
  if (arrow::is_base_binary_like(results->type_id()) && results->null_count() == 0) {
    const auto type = arrow::dictionary(arrow::int32(), results->type());
    return std::make_shared<arrow::DictionaryArray>(type, std::move(codes),
                                                    std::move(results));
  }
  return TakeValues(*results, std::move(codes), pool);
}

}  // namespace windrow::op
