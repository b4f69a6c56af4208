// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace windrow::testing {

using Random = std::mt19937_64;

/// A whole number of [low, high].
int64_t Pick(Random& random, int64_t low, int64_t high);

/// True in `share` of all calls.
bool Chance(Random& random, double share);

/// The array written as JSON; a dictionary type gets its values in order of appearance.
std::shared_ptr<arrow::Array> JsonArray(const std::shared_ptr<arrow::DataType>& type,
                                        const std::string& json);

/// `length` values drawn from `pool`, `null_share` of them null. A slice of a longer
/// array, so its offset is seldom 0.
std::shared_ptr<arrow::Array> Draw(const std::shared_ptr<arrow::Array>& pool,
                                   int64_t length, double null_share, Random& random);

/// `values` as a dictionary array with int32 codes; its dictionary has unused and
/// repeated values and, when `values` holds nulls, a null of its own.
std::shared_ptr<arrow::Array> AsDictionary(const std::shared_ptr<arrow::Array>& values,
                                           Random& random);

/// `values` without its dictionary, if it has one.
std::shared_ptr<arrow::Array> Decoded(const std::shared_ptr<arrow::Array>& values);

/// Rows `row_numbers` of the chunks one after the other, -1 for null, by Arrow's Take.
std::shared_ptr<arrow::Array> TakeRows(const arrow::ArrayVector& chunks,
                                       const std::vector<int64_t>& row_numbers);

/// `batch` cut into pieces of 0 to `rows_max` rows.
std::vector<std::shared_ptr<arrow::RecordBatch>> CutAtRandom(
    const std::shared_ptr<arrow::RecordBatch>& batch, int64_t rows_max, Random& random);

}  // namespace windrow::testing
