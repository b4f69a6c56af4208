// SPDX-License-Identifier: Apache-2.0
#include "windrow/format/copy_type.h"

#include <arrow/type.h>

namespace windrow::format {
namespace {

constexpr int32_t kMostDigits = 38;

std::shared_ptr<arrow::DataType> ValueTypeOf(const CopyType& type, bool is_decoded) {
  switch (type.kind) {
    case CopyKind::kBool:
      return arrow::boolean();
    case CopyKind::kInt2:
      return arrow::int16();
    case CopyKind::kInt4:
      return arrow::int32();
    case CopyKind::kInt8:
      return arrow::int64();
    case CopyKind::kFloat4:
      return arrow::float32();
    case CopyKind::kFloat8:
      return arrow::float64();
    case CopyKind::kNumeric: {
      const bool fits = type.precision > 0 && type.precision <= kMostDigits &&
                        type.scale >= 0 && type.scale <= type.precision;
      return fits ? arrow::decimal128(type.precision, type.scale) : arrow::utf8();
    }
    case CopyKind::kText:
    case CopyKind::kJsonb:
      return arrow::utf8();
    case CopyKind::kUuid:
      return is_decoded ? arrow::utf8() : arrow::fixed_size_binary(16);
    case CopyKind::kBytea:
      return arrow::binary();
    case CopyKind::kDate:
      return arrow::date32();
    case CopyKind::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case CopyKind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case CopyKind::kTimestampTz:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  return arrow::utf8();
}

}  // namespace

std::shared_ptr<arrow::DataType> DecodedTypeOf(const CopyType& type) {
  const auto value = ValueTypeOf(type, true);
  return type.is_array ? arrow::list(value) : value;
}

std::shared_ptr<arrow::DataType> EncodedTypeOf(const CopyType& type) {
  const auto value = ValueTypeOf(type, false);
  return type.is_array ? arrow::list(value) : value;
}

}  // namespace windrow::format
