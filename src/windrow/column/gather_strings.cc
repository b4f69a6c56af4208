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

/// How many entries ahead the bytes of a string are fetched, once its offset is known.
constexpr int64_t kPrefetchBytesAhead = 16;

/// Copies exactly `length` bytes; short values, the common case, without a call.
inline void CopyShort(uint8_t* to, const uint8_t* from, int64_t length) {
  if (length > 16) {
    std::memcpy(to, from, static_cast<size_t>(length));
  } else if (length >= 8) {
    uint64_t head;
    uint64_t tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + length - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + length - 8, &tail, 8);
  } else if (length >= 4) {
    uint32_t head;
    uint32_t tail;
    std::memcpy(&head, from, 4);
    std::memcpy(&tail, from + length - 4, 4);
    std::memcpy(to, &head, 4);
    std::memcpy(to + length - 4, &tail, 4);
  } else if (length > 0) {
    to[0] = from[0];
    to[length / 2] = from[length / 2];
    to[length - 1] = from[length - 1];
  }
}

template <typename Offset>
class StringGather {
 public:
  StringGather(const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
               arrow::MemoryPool* pool)
      : chunks_(chunks), order_(order), pool_(pool), starts_(pool), lengths_(pool) {}

  Result<ArrayPtr> Run(const std::shared_ptr<arrow::DataType>& type) {
    int64_t null_count = 0;
    ARROW_ASSIGN_OR_RAISE(BufferPtr validity,
                          GatherValidity(chunks_, order_, pool_, &null_count));
    ARROW_RETURN_NOT_OK(FindValues());
    ARROW_ASSIGN_OR_RAISE(BufferPtr offsets, MakeOffsets());
    const auto* ends = reinterpret_cast<const Offset*>(offsets->data());
    ARROW_ASSIGN_OR_RAISE(BufferPtr bytes, AllocateValues(ends[order_.output_rows],
                                                          /*zeroed=*/false, pool_));
    CopyValues(ends, bytes->mutable_data());
    return arrow::MakeArray(arrow::ArrayData::Make(
        type, order_.output_rows,
        {std::move(validity), std::move(offsets), std::move(bytes)}, null_count));
  }

 private:
  /// Notes start and length of each entry's value, in entry order. A null may span bytes;
  /// they are dropped.
  Status FindValues() {
    ARROW_RETURN_NOT_OK(starts_.Resize(order_.rows.size()));
    ARROW_RETURN_NOT_OK(lengths_.Resize(order_.rows.size()));
    const uint32_t* rows = order_.rows.data();
    for (size_t r = 0; r < chunks_.size(); ++r) {
      const arrow::ArrayData& data = *chunks_[r]->data();
      const auto* offsets =
          reinterpret_cast<const Offset*>(data.buffers[1]->data()) + data.offset;
      const bool has_nulls = chunks_[r]->null_count() > 0;
      const uint8_t* valid = has_nulls ? chunks_[r]->null_bitmap_data() : nullptr;
      const auto bytes =
          static_cast<uint64_t>(data.buffers[2] == nullptr ? 0 : data.buffers[2]->size());
      bool is_damaged = false;
      const auto [chunk, begin, end] = order_.ranges[r];
      for (int64_t i = begin; i < end; ++i) {
        if (i + kPrefetchAhead < end)
          __builtin_prefetch(offsets + rows[i + kPrefetchAhead]);
        const uint32_t row = rows[i];
        const Offset start = offsets[row];
        Offset length = 0;
        is_damaged |= __builtin_sub_overflow(offsets[row + 1], start, &length);
        is_damaged |=
            start < 0 || length < 0 ||
            static_cast<uint64_t>(start) + static_cast<uint64_t>(length) > bytes;
        const bool is_valid = valid == nullptr || GetBit(valid, data.offset + row);
        starts_[i] = start;
        lengths_[i] = is_valid ? length : 0;
      }
      if (is_damaged) {
        return Status::Invalid("string offsets of chunk ", chunk, " point outside its ",
                               bytes, " bytes");
      }
    }
    return Status::OK();
  }

  /// Prefix sum of the lengths in output order.
  Result<BufferPtr> MakeOffsets() {
    const int64_t count = order_.output_rows;
    ARROW_ASSIGN_OR_RAISE(
        BufferPtr buffer,
        AllocateValues((count + 1) * static_cast<int64_t>(sizeof(Offset)),
                       order_.has_missing, pool_));
    auto* offsets = reinterpret_cast<Offset*>(buffer->mutable_data());
    offsets[0] = 0;
    if (order_.positions.empty()) {
      std::copy(lengths_.begin(), lengths_.end(), offsets + 1);
    } else {
      for (int64_t i = 0; i < order_.rows.size(); ++i) {
        offsets[order_.positions[i] + 1] = lengths_[i];
      }
    }
    int64_t total = 0;
    for (int64_t i = 1; i <= count; ++i) {
      total += offsets[i];
      offsets[i] = static_cast<Offset>(total);
      if (static_cast<int64_t>(offsets[i]) != total) {
        return Status::CapacityError("string values of one batch pass 2 GiB");
      }
    }
    return buffer;
  }

  void CopyValues(const Offset* offsets, uint8_t* out) {
    for (size_t r = 0; r < chunks_.size(); ++r) {
      const BufferPtr& buffer = chunks_[r]->data()->buffers[2];
      if (buffer == nullptr) continue;
      const uint8_t* bytes = buffer->data();
      const int64_t end = order_.ranges[r].end;
      ForEachEntry(order_, r, [&](int64_t i, uint32_t, int64_t position) {
        if (i + kPrefetchBytesAhead < end) {
          __builtin_prefetch(bytes + starts_[i + kPrefetchBytesAhead]);
        }
        CopyShort(out + offsets[position], bytes + starts_[i], lengths_[i]);
      });
    }
  }

  const std::vector<ArrayPtr>& chunks_;
  const GatherOrder& order_;
  arrow::MemoryPool* pool_;
  PoolVector<Offset> starts_;
  PoolVector<Offset> lengths_;
};

}  // namespace

Result<ArrayPtr> GatherStrings(const std::shared_ptr<arrow::DataType>& type,
                               const std::vector<ArrayPtr>& chunks,
                               const GatherOrder& order, arrow::MemoryPool* pool) {
  const bool is_large =
      type->id() == arrow::Type::LARGE_STRING || type->id() == arrow::Type::LARGE_BINARY;
  if (is_large) return StringGather<int64_t>(chunks, order, pool).Run(type);
  return StringGather<int32_t>(chunks, order, pool).Run(type);
}

}  // namespace windrow::column::internal
