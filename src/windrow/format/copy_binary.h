// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/format/copy_type.h"

namespace windrow::format {

// PostgreSQL's COPY … (FORMAT binary): a header, rows, a trailer; all numbers with their
// highest byte first. A row is its number of fields (int16) and the fields; a field is
// its length (int32, -1 for null) and its bytes.
//
//   numeric      int16 digits, weight, sign (0x4000: negative, 0xC000: NaN), decimals to
//                show; then digits of base 10000
//   jsonb        the byte 1, then text
//   date         days since 2000-01-01; int32
//   timestamp    microseconds since 2000-01-01; int64
//   array        int32 dimensions, whether there are nulls, element oid; per dimension
//                its length and first index; then the elements as fields

/// What stands before the rows and after them.
std::string_view CopyHeader();
std::string_view CopyTrailer();

/// The rows of `columns`, arrays of the types EncodedTypeOf gives, of `num_rows` rows.
Result<std::shared_ptr<arrow::Buffer>> EncodeCopyRows(
    const std::vector<CopyType>& types,
    const std::vector<std::shared_ptr<arrow::Array>>& columns, int64_t num_rows,
    arrow::MemoryPool* pool);

/// Arrays of whole rows without header and trailer, of the types DecodedTypeOf gives.
/// `names` are for errors: a DataError names the column of a value that its type cannot
/// hold (an infinite date, NaN in a decimal, an array of more than one dimension).
Result<std::vector<std::shared_ptr<arrow::Array>>> DecodeCopyRows(
    std::string_view rows, const std::vector<CopyType>& types,
    const std::vector<std::string>& names, int64_t num_rows, arrow::MemoryPool* pool);

/// How many bytes of `bytes`, the first that a server sends, are the header; a DataError
/// if they are none.
Result<size_t> CopyHeaderSize(std::string_view bytes);

}  // namespace windrow::format
