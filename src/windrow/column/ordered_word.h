// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "windrow/base/status.h"

namespace windrow::column {

/// True for types whose values are 64 bits or less and have an order: numbers, booleans,
/// dates, times, timestamps, durations.
bool HasOrderedWord(const arrow::DataType& type);

/// A 64-bit number for each row of such a column that sorts as its values do. -0.0 comes
/// before 0.0 and NaN after all numbers, so that floats have a total order. Rows that are
/// null get any number.
void OrderedWords(const arrow::Array& column, uint64_t* words);

/// The number of one row.
uint64_t OrderedWord(const arrow::Array& column, int64_t row);

/// The reverse: a column of `type` without nulls whose values have these words.
Result<std::shared_ptr<arrow::Array>> FromOrderedWords(
    const std::shared_ptr<arrow::DataType>& type, std::span<const uint64_t> words,
    arrow::MemoryPool* pool);

}  // namespace windrow::column
