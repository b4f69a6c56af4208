// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "windrow/base/status.h"
#include "windrow/column/sql_type.h"

namespace windrow::column {

/// Whether values of an Arrow type can be stored in a column of `type`, whatever they
/// are; StoreAs may be called only then. A UserError names both types. Dictionaries count
/// as their values, and the null type goes with everything.
///
/// - smallint, integer, bigint, real, double precision, numeric: integers, floats,
///   decimals
/// - boolean: boolean
/// - text, varchar: strings, integers, boolean
/// - json, jsonb: strings
/// - uuid: strings, 16 bytes, Arrow's uuid
/// - date, timestamp, timestamptz: dates, timestamps
/// - bytea: binary of any kind
/// - arrays: lists of what their elements take
Status CheckAssignable(const arrow::DataType& from, const SqlType& type);

/// For batches whose place in the whole nobody knows.
inline constexpr int64_t kUnknownRow = -1;

/// `values` as an array of `type`'s storage type, by the rules of SQL's store assignment:
/// - to numeric: a float as the shortest decimal that reads back to it; rounded half away
///   from zero to the scale; NaN, infinities and too many digits before the point fail
/// - to integers: only whole numbers in range
/// - to real: the nearest; a finite number that would become infinite fails
/// - to varchar(n): blanks beyond n code points are cut, anything else beyond them fails
/// - to text, varchar, json, jsonb: invalid UTF-8 and the character NUL fail
/// - to json, jsonb: text that is not JSON, numbers beyond a double's range, and escapes
///   of NUL or of half a surrogate pair fail
/// - to uuid: the text forms that PostgreSQL reads
/// - to timestamps: rounded half up; a zone is dropped or added as UTC
/// - to date: the day of the timestamp (in UTC)
/// A DataError names `column`, the row (`first_row` + place in `values`, unless that is
/// kUnknownRow), what was found and what was expected.
/// Values that need no change are not copied. New memory comes from `pool`.
Result<std::shared_ptr<arrow::Array>> StoreAs(const std::shared_ptr<arrow::Array>& values,
                                              const SqlType& type,
                                              std::string_view column,
                                              arrow::MemoryPool* pool,
                                              int64_t first_row = kUnknownRow);

/// Values, or lists, of uuid's storage type as text
/// ("00112233-4455-6677-8899-aabbccddeeff").
Result<std::shared_ptr<arrow::Array>> UuidText(const std::shared_ptr<arrow::Array>& uuids,
                                               arrow::MemoryPool* pool);

}  // namespace windrow::column
