// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/row_order.h"

// Keys as byte strings that sort (memcmp, then length) as the rows of the key columns do:
// column by column, nulls last. Two rows have the same string exactly when all their
// values are equal, null being equal to null, NaN to NaN and -0.0 to 0.0. A single text
// or binary column is its own key, with null as null; otherwise each column gives a
// marker byte (1 value, 2 null) and then
//   numbers, times   8 bytes, most significant first, see ordered_word.h
//   decimals         16 bytes, most significant first, sign bit flipped
//   text, binary     the bytes with 00 written as 00 FF, then 00 00
//   fixed binary     the bytes
namespace windrow::column {

/// True for a single text or binary column, which needs no encoding.
bool IsOwnKey(const std::vector<std::shared_ptr<arrow::DataType>>& types);

/// The keys of all rows as a binary array. `columns` have types HasOrder allows; a
/// dictionary is decoded. Not for IsOwnKey.
Result<std::shared_ptr<arrow::Array>> EncodeOrderedKeys(
    const std::vector<std::shared_ptr<arrow::Array>>& columns, arrow::MemoryPool* pool);

/// Byte strings, as a binary array, that sort as rows do by `columns` under `order`, one
/// entry a column: a key as above with the bytes of a descending column's values flipped
/// and 00 for a null that comes first. Also for a single text column.
Result<std::shared_ptr<arrow::Array>> EncodeSortKeys(
    const std::vector<std::shared_ptr<arrow::Array>>& columns,
    const std::vector<OrderKey>& order, arrow::MemoryPool* pool);

/// The columns that were encoded, one row a key.
Result<std::vector<std::shared_ptr<arrow::Array>>> DecodeOrderedKeys(
    const std::vector<std::shared_ptr<arrow::DataType>>& types,
    std::span<const std::string_view> keys, arrow::MemoryPool* pool);

}  // namespace windrow::column
