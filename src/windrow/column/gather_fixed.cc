// SPDX-License-Identifier: Apache-2.0
#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <cstring>

#include "windrow/column/gather_internal.h"

namespace windrow::column::internal {
namespace {

using arrow::bit_util::GetBit;
using arrow::bit_util::SetBit;

template <typename Word>
void GatherWords(const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
                 Word* out) {
  const uint32_t* rows = order.rows.data();
  for (size_t r = 0; r < chunks.size(); ++r) {
    const arrow::ArrayData& data = *chunks[r]->data();
    if (data.buffers[1] == nullptr) continue;
    const auto* values =
        reinterpret_cast<const Word*>(data.buffers[1]->data()) + data.offset;
    const int64_t end = order.ranges[r].end;
    ForEachEntry(order, r, [&](int64_t i, uint32_t row, int64_t position) {
      if (i + kPrefetchAhead < end) __builtin_prefetch(values + rows[i + kPrefetchAhead]);
      out[position] = values[row];
    });
  }
}

/// A fixed-width value that is no machine word: decimals, fixed-size binary.
void GatherBytes(const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
                 int64_t width, uint8_t* out) {
  const uint32_t* rows = order.rows.data();
  for (size_t r = 0; r < chunks.size(); ++r) {
    const arrow::ArrayData& data = *chunks[r]->data();
    if (data.buffers[1] == nullptr) continue;
    const uint8_t* values = data.buffers[1]->data() + data.offset * width;
    const int64_t end = order.ranges[r].end;
    ForEachEntry(order, r, [&](int64_t i, uint32_t row, int64_t position) {
      if (i + kPrefetchAhead < end) {
        __builtin_prefetch(values + int64_t{rows[i + kPrefetchAhead]} * width);
      }
      std::memcpy(out + position * width, values + int64_t{row} * width,
                  static_cast<size_t>(width));
    });
  }
}

void GatherBits(const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
                uint8_t* out) {
  for (size_t r = 0; r < chunks.size(); ++r) {
    const arrow::ArrayData& data = *chunks[r]->data();
    if (data.buffers[1] == nullptr) continue;
    const uint8_t* bits = data.buffers[1]->data();
    ForEachEntry(order, r, [&](int64_t, uint32_t row, int64_t position) {
      if (GetBit(bits, data.offset + row)) SetBit(out, position);
    });
  }
}

}  // namespace

Result<BufferPtr> GatherValidity(const std::vector<ArrayPtr>& chunks,
                                 const GatherOrder& order, arrow::MemoryPool* pool,
                                 int64_t* null_count) {
  bool has_nulls = order.has_missing;
  for (const ArrayPtr& chunk : chunks) has_nulls |= chunk->null_count() > 0;
  *null_count = 0;
  if (!has_nulls) return nullptr;
  ARROW_ASSIGN_OR_RAISE(BufferPtr buffer,
                        arrow::AllocateEmptyBitmap(order.output_rows, pool));
  uint8_t* out = buffer->mutable_data();
  int64_t valid = 0;
  for (size_t r = 0; r < chunks.size(); ++r) {
    if (chunks[r]->null_count() == chunks[r]->length()) continue;
    const uint8_t* bits =
        chunks[r]->null_count() == 0 ? nullptr : chunks[r]->null_bitmap_data();
    const int64_t offset = chunks[r]->offset();
    ForEachEntry(order, r, [&](int64_t, uint32_t row, int64_t position) {
      if (bits != nullptr && !GetBit(bits, offset + row)) return;
      SetBit(out, position);
      ++valid;
    });
  }
  *null_count = order.output_rows - valid;
  return buffer;
}

Result<BufferPtr> AllocateValues(int64_t bytes, bool zeroed, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(bytes, pool));
  if (zeroed) std::memset(buffer->mutable_data(), 0, static_cast<size_t>(bytes));
  return BufferPtr(std::move(buffer));
}

Result<ArrayPtr> GatherFixedWidth(const std::shared_ptr<arrow::DataType>& type,
                                  const std::vector<ArrayPtr>& chunks,
                                  const GatherOrder& order, arrow::MemoryPool* pool) {
  int64_t null_count = 0;
  ARROW_ASSIGN_OR_RAISE(BufferPtr validity,
                        GatherValidity(chunks, order, pool, &null_count));
  const int bits =
      arrow::internal::checked_cast<const arrow::FixedWidthType&>(*type).bit_width();
  const int64_t bytes = arrow::bit_util::BytesForBits(order.output_rows * bits);
  ARROW_ASSIGN_OR_RAISE(BufferPtr values,
                        AllocateValues(bytes, bits == 1 || order.has_missing, pool));
  uint8_t* out = values->mutable_data();
  switch (bits) {
    case 1:
      GatherBits(chunks, order, out);
      break;
    case 8:
      GatherWords(chunks, order, out);
      break;
    case 16:
      GatherWords(chunks, order, reinterpret_cast<uint16_t*>(out));
      break;
    case 32:
      GatherWords(chunks, order, reinterpret_cast<uint32_t*>(out));
      break;
    case 64:
      GatherWords(chunks, order, reinterpret_cast<uint64_t*>(out));
      break;
    default:
      GatherBytes(chunks, order, bits / 8, out);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, order.output_rows, {std::move(validity), std::move(values)}, null_count));
}

}  // namespace windrow::column::internal
