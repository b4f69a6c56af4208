// SPDX-License-Identifier: Apache-2.0
#include "windrow/column/value_bytes.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>

namespace windrow::column {
namespace {

using arrow::ArrayData;
using arrow::Type;

int64_t ColumnBytes(const ArrayData& data, int64_t offset, int64_t length);

/// What the offsets of the rows enclose: bytes of a string, items of a list.
struct Range {
  int64_t start;
  int64_t length;
};

template <typename Offset>
Range Enclosed(const ArrayData& data, int64_t offset, int64_t length) {
  const Offset* offsets = data.GetValues<Offset>(1) + offset;
  return {offsets[0], offsets[length] - offsets[0]};
}

int64_t ViewBytes(const ArrayData& data, int64_t offset, int64_t length) {
  const auto* views = data.GetValues<arrow::BinaryViewType::c_type>(1) + offset;
  int64_t bytes = 0;
  for (int64_t row = 0; row < length; ++row) {
    if (data.IsValid(offset + row)) bytes += views[row].size();
  }
  return bytes;
}

int64_t ItemBytes(const ArrayData& data, Range items) {
  return ColumnBytes(*data.child_data[0], items.start, items.length);
}

int64_t FixedBytes(const arrow::DataType& type, int64_t length) {
  const int bits = type.bit_width();
  return bits < 0 ? 0 : length * std::max(1, bits / 8);
}

int64_t ColumnBytes(const ArrayData& data, int64_t offset, int64_t length) {
  if (length == 0) return 0;
  switch (data.type->id()) {
    case Type::STRING:
    case Type::BINARY:
      return Enclosed<int32_t>(data, offset, length).length;
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return Enclosed<int64_t>(data, offset, length).length;
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return ViewBytes(data, offset, length);
    case Type::LIST:
    case Type::MAP:
      return ItemBytes(data, Enclosed<int32_t>(data, offset, length));
    case Type::LARGE_LIST:
      return ItemBytes(data, Enclosed<int64_t>(data, offset, length));
    case Type::FIXED_SIZE_LIST: {
      const int64_t size =
          arrow::internal::checked_cast<const arrow::FixedSizeListType&>(*data.type)
              .list_size();
      return ItemBytes(data, {(data.offset + offset) * size, length * size});
    }
    case Type::STRUCT: {
      int64_t bytes = 0;
      for (const auto& child : data.child_data) {
        bytes += ColumnBytes(*child, data.offset + offset, length);
      }
      return bytes;
    }
    default:
      return FixedBytes(*data.type, length);
  }
}

}  // namespace

int64_t ValueBytes(const arrow::RecordBatch& batch, int64_t offset, int64_t length) {
  int64_t bytes = 0;
  for (int c = 0; c < batch.num_columns(); ++c) {
    bytes += ColumnBytes(*batch.column_data(c), offset, length);
  }
  return bytes;
}

}  // namespace windrow::column
