// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

namespace windrow::format {

/// The forms that values have in PostgreSQL's COPY.
enum class CopyKind {
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kText,  ///< also varchar, char, json, enums
  kJsonb,
  kUuid,
  kBytea,
  kDate,
  kTime,
  kTimestamp,
  kTimestampTz,
};

/// A column's type, or of an array that of its elements.
struct CopyType {
  CopyKind kind = CopyKind::kText;
  int32_t precision = 0;  ///< of a numeric; 0 where the table sets none
  int32_t scale = 0;
  bool is_array = false;
  uint32_t element_oid = 0;  ///< of an array
};

/// What DecodeCopyRows makes of the type: numerics of up to 38 digits become decimal128,
/// other ones their text; a uuid its text; times are in microseconds.
std::shared_ptr<arrow::DataType> DecodedTypeOf(const CopyType& type);

/// What the encoders take: numerics as decimal128, a uuid as fixed_size_binary(16), else
/// as above.
std::shared_ptr<arrow::DataType> EncodedTypeOf(const CopyType& type);

}  // namespace windrow::format
