// SPDX-License-Identifier: Apache-2.0
#include "support/random_columns.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "windrow/base/check.h"

namespace windrow::testing {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

const bool kComputeReady = arrow::compute::Initialize().ok();

/// Indices for Take; -1 becomes null.
ArrayPtr Indices(const std::vector<int64_t>& rows) {
  arrow::Int64Builder builder;
  for (const int64_t row : rows) {
    WINDROW_CHECK((row < 0 ? builder.AppendNull() : builder.Append(row)).ok());
  }
  return builder.Finish().ValueOrDie();
}

}  // namespace

int64_t Pick(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

bool Chance(Random& random, double share) {
  return std::uniform_real_distribution<double>(0, 1)(random) < share;
}

ArrayPtr JsonArray(const std::shared_ptr<arrow::DataType>& type,
                   const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

ArrayPtr Draw(const ArrayPtr& pool, int64_t length, double null_share, Random& random) {
  const int64_t before = Pick(random, 0, 9);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < before + length + 1; ++i) {
    const bool is_null = pool->length() == 0 || Chance(random, null_share);
    rows.push_back(is_null ? -1 : Pick(random, 0, pool->length() - 1));
  }
  return arrow::compute::Take(*pool, *Indices(rows)).ValueOrDie()->Slice(before, length);
}

ArrayPtr AsDictionary(const ArrayPtr& values, Random& random) {
  std::vector<int64_t> shuffled;
  for (int64_t row = 0; row < values->length(); ++row) shuffled.push_back(row);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  arrow::Int32Builder codes;
  std::vector<int64_t> place(shuffled.size());
  for (size_t i = 0; i < shuffled.size(); ++i)
    place[shuffled[i]] = static_cast<int64_t>(i);
  for (int64_t row = 0; row < values->length(); ++row) {
    const bool null_code = values->IsNull(row) && Chance(random, 0.5);
    const auto code = static_cast<int32_t>(place[row]);
    WINDROW_CHECK((null_code ? codes.AppendNull() : codes.Append(code)).ok());
  }
  const ArrayPtr dictionary =
      arrow::compute::Take(*values, *Indices(shuffled)).ValueOrDie();
  return std::make_shared<arrow::DictionaryArray>(
      arrow::dictionary(arrow::int32(), values->type()), codes.Finish().ValueOrDie(),
      dictionary);
}

ArrayPtr Decoded(const ArrayPtr& values) {
  if (values->type_id() != arrow::Type::DICTIONARY) return values;
  const auto& coded = static_cast<const arrow::DictionaryArray&>(*values);
  return arrow::compute::Take(*coded.dictionary(), *coded.indices()).ValueOrDie();
}

ArrayPtr TakeRows(const arrow::ArrayVector& chunks,
                  const std::vector<int64_t>& row_numbers) {
  arrow::ArrayVector plain;
  for (const ArrayPtr& chunk : chunks) plain.push_back(Decoded(chunk));
  const ArrayPtr whole = arrow::Concatenate(plain).ValueOrDie();
  return arrow::compute::Take(*whole, *Indices(row_numbers)).ValueOrDie();
}

arrow::RecordBatchVector CutAtRandom(const std::shared_ptr<arrow::RecordBatch>& batch,
                                     int64_t rows_max, Random& random) {
  arrow::RecordBatchVector pieces;
  for (int64_t start = 0; start < batch->num_rows();) {
    const int64_t rows = Pick(random, 0, rows_max);
    pieces.push_back(batch->Slice(start, rows));
    start += rows;
  }
  return pieces;
}

}  // namespace windrow::testing
