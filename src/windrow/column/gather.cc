// SPDX-License-Identifier: Apache-2.0
// Late, column-wise gather: the second half of a join that keeps only keys and row numbers.
//
// Source rows are visited in ascending order, output rows jump about. For strings a first
// pass over the offsets notes where each value starts and how long it is, a prefix sum in
// output order gives the output's offsets, a second pass copies the bytes. Both passes
// prefetch, as nearly each visited row is a cache miss when few rows of many are wanted.
// Values are copied exactly, never rounded up to a word: the neighbour may be there already.
#include "windrow/column/gather.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/checked_cast.h>

#include <cstring>

#include "windrow/base/check.h"

namespace windrow::column {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BufferPtr = std::shared_ptr<arrow::Buffer>;
using arrow::bit_util::GetBit;
using arrow::bit_util::SetBit;
using arrow::internal::checked_cast;

/// How many entries ahead a value's line is fetched. Found by trying 4 to 64 on the 95-column
/// join; flat between 16 and 32.
constexpr int64_t kPrefetchAhead = 24;
/// How many entries ahead the bytes of a string are fetched, once its offset is known.
constexpr int64_t kPrefetchBytesAhead = 16;

arrow::compute::ExecContext SerialContext(arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return context;
}

/// Arrow reports offsets past 2 GiB as Invalid. Good indices on good arrays fail in no other
/// way that is Invalid.
Result<ArrayPtr> WithCapacityError(Result<ArrayPtr> result) {
  if (!result.status().IsInvalid()) return result;
  return Status::CapacityError(result.status().message());
}

Result<ArrayPtr> TakeRows(const arrow::Array& values, const arrow::Array& indices,
                          arrow::MemoryPool* pool) {
  auto context = SerialContext(pool);
  return WithCapacityError(arrow::compute::Take(
      values, indices, arrow::compute::TakeOptions::NoBoundsCheck(), &context));
}

/// Calls visit(entry, row, position) for every entry of a range.
template <typename Visit>
void ForEachEntry(const GatherOrder& order, size_t range_index, const Visit& visit) {
  const GatherOrder::Range& range = order.ranges[range_index];
  const uint32_t* rows = order.rows.data();
  if (order.positions.empty()) {
    for (int64_t i = range.begin; i < range.end; ++i) visit(i, rows[i], i);
  } else {
    const uint32_t* positions = order.positions.data();
    for (int64_t i = range.begin; i < range.end; ++i) visit(i, rows[i], positions[i]);
  }
}

/// The output's validity, or null when every row is valid.
Result<BufferPtr> GatherValidity(const std::vector<ArrayPtr>& chunks,
                                 const GatherOrder& order, arrow::MemoryPool* pool,
                                 int64_t* null_count) {
  bool has_nulls = order.has_missing;
  for (const ArrayPtr& chunk : chunks) has_nulls |= chunk->null_count() > 0;
  *null_count = 0;
  if (!has_nulls) return nullptr;
  ARROW_ASSIGN_OR_RAISE(BufferPtr buffer, arrow::AllocateEmptyBitmap(order.output_rows, pool));
  uint8_t* out = buffer->mutable_data();
  int64_t valid = 0;
  for (size_t r = 0; r < chunks.size(); ++r) {
    if (chunks[r]->null_count() == chunks[r]->length()) continue;
    const uint8_t* bits = chunks[r]->null_count() == 0 ? nullptr
                                                       : chunks[r]->null_bitmap_data();
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

/// Zeroed when some outputs are never written, so that no stale memory leaves the process.
Result<BufferPtr> AllocateValues(int64_t bytes, bool zeroed, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(bytes, pool));
  if (zeroed) std::memset(buffer->mutable_data(), 0, static_cast<size_t>(bytes));
  return BufferPtr(std::move(buffer));
}

template <typename Word>
void GatherWords(const std::vector<ArrayPtr>& chunks, const GatherOrder& order, Word* out) {
  const uint32_t* rows = order.rows.data();
  for (size_t r = 0; r < chunks.size(); ++r) {
    const arrow::ArrayData& data = *chunks[r]->data();
    if (data.buffers[1] == nullptr) continue;
    const auto* values = reinterpret_cast<const Word*>(data.buffers[1]->data()) + data.offset;
    const int64_t end = order.ranges[r].end;
    ForEachEntry(order, r, [&](int64_t i, uint32_t row, int64_t position) {
      if (i + kPrefetchAhead < end) __builtin_prefetch(values + rows[i + kPrefetchAhead]);
      out[position] = values[row];
    });
  }
}

/// A fixed-width value that is no machine word: decimals, fixed-size binary.
void GatherBytes(const std::vector<ArrayPtr>& chunks, const GatherOrder& order, int64_t width,
                 uint8_t* out) {
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

void GatherBits(const std::vector<ArrayPtr>& chunks, const GatherOrder& order, uint8_t* out) {
  for (size_t r = 0; r < chunks.size(); ++r) {
    const arrow::ArrayData& data = *chunks[r]->data();
    if (data.buffers[1] == nullptr) continue;
    const uint8_t* bits = data.buffers[1]->data();
    ForEachEntry(order, r, [&](int64_t, uint32_t row, int64_t position) {
      if (GetBit(bits, data.offset + row)) SetBit(out, position);
    });
  }
}

Result<ArrayPtr> GatherFixedWidth(const std::shared_ptr<arrow::DataType>& type,
                                  const std::vector<ArrayPtr>& chunks,
                                  const GatherOrder& order, arrow::MemoryPool* pool) {
  int64_t null_count = 0;
  ARROW_ASSIGN_OR_RAISE(BufferPtr validity, GatherValidity(chunks, order, pool, &null_count));
  const int bits = checked_cast<const arrow::FixedWidthType&>(*type).bit_width();
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
        type, order_.output_rows, {std::move(validity), std::move(offsets), std::move(bytes)},
        null_count));
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
      const auto bytes = static_cast<uint64_t>(
          data.buffers[2] == nullptr ? 0 : data.buffers[2]->size());
      bool is_damaged = false;
      const auto [chunk, begin, end] = order_.ranges[r];
      for (int64_t i = begin; i < end; ++i) {
        if (i + kPrefetchAhead < end) __builtin_prefetch(offsets + rows[i + kPrefetchAhead]);
        const uint32_t row = rows[i];
        const Offset start = offsets[row];
        const Offset length = offsets[row + 1] - start;
        is_damaged |= start < 0 || length < 0 ||
                      static_cast<uint64_t>(start) + static_cast<uint64_t>(length) > bytes;
        const bool is_valid = valid == nullptr || GetBit(valid, data.offset + row);
        starts_[i] = start;
        lengths_[i] = is_valid ? length : 0;
      }
      if (is_damaged) {
        return Status::Invalid("string offsets of chunk ", chunk, " point outside its ", bytes,
                               " bytes");
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

/// The same values with nulls in the codes alone: Arrow unifies no dictionary with nulls.
Result<ArrayPtr> WithoutNullValue(const arrow::DictionaryArray& coded,
                                  arrow::MemoryPool* pool) {
  const ArrayPtr& dictionary = coded.dictionary();
  arrow::Int64Builder builder(pool);
  ARROW_RETURN_NOT_OK(builder.Reserve(dictionary->length()));
  for (int64_t code = 0, next = 0; code < dictionary->length(); ++code) {
    if (dictionary->IsNull(code)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(next++);
    }
  }
  auto context = SerialContext(pool);
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr wide_codes, builder.Finish());
  ARROW_ASSIGN_OR_RAISE(
      const ArrayPtr new_codes,
      arrow::compute::Cast(*wide_codes, coded.indices()->type(),
                           arrow::compute::CastOptions::Safe(), &context));
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr indices, TakeRows(*new_codes, *coded.indices(), pool));
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr values, arrow::compute::DropNull(*dictionary, &context));
  return std::make_shared<arrow::DictionaryArray>(coded.type(), indices, values);
}

/// One dictionary for all chunks.
Result<std::vector<ArrayPtr>> UnifyDictionaries(
    const std::shared_ptr<arrow::DataType>& type, std::vector<ArrayPtr> chunks,
    arrow::MemoryPool* pool) {
  for (ArrayPtr& chunk : chunks) {
    const auto& coded = checked_cast<const arrow::DictionaryArray&>(*chunk);
    if (coded.dictionary()->null_count() == 0) continue;
    ARROW_ASSIGN_OR_RAISE(chunk, WithoutNullValue(coded, pool));
  }
  const auto unified = arrow::DictionaryUnifier::UnifyChunkedArray(
      std::make_shared<arrow::ChunkedArray>(std::move(chunks), type), pool);
  if (unified.status().IsInvalid()) {
    return Status::CapacityError("dictionary values of one batch: ",
                                 unified.status().message());
  }
  ARROW_RETURN_NOT_OK(unified.status());
  return (*unified)->chunks();
}

/// Columns of one dictionary gather their codes; others are unified first.
Result<ArrayPtr> GatherDictionary(const std::shared_ptr<arrow::DataType>& type,
                                  const std::vector<ArrayPtr>& chunks,
                                  const GatherOrder& order, arrow::MemoryPool* pool) {
  const auto& dictionary_type = checked_cast<const arrow::DictionaryType&>(*type);
  std::vector<ArrayPtr> coded = chunks;
  const auto first = checked_cast<const arrow::DictionaryArray&>(*chunks[0]).dictionary();
  bool is_one_dictionary = true;
  for (const ArrayPtr& chunk : chunks) {
    const auto& other = checked_cast<const arrow::DictionaryArray&>(*chunk).dictionary();
    is_one_dictionary = is_one_dictionary && (other == first || other->Equals(*first));
  }
  if (!is_one_dictionary) {
    ARROW_ASSIGN_OR_RAISE(coded, UnifyDictionaries(type, std::move(coded), pool));
  }
  std::vector<ArrayPtr> codes;
  for (const ArrayPtr& chunk : coded) {
    codes.push_back(checked_cast<const arrow::DictionaryArray&>(*chunk).indices());
  }
  ARROW_ASSIGN_OR_RAISE(ArrayPtr indices, GatherFixedWidth(dictionary_type.index_type(),
                                                           codes, order, pool));
  return arrow::DictionaryArray::FromArrays(
      type, indices,
      checked_cast<const arrow::DictionaryArray&>(*coded[0]).dictionary());
}

/// Nested and other types, by Arrow's take: compact each chunk, then permute.
Result<ArrayPtr> GatherByTake(const std::shared_ptr<arrow::DataType>& type,
                              const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
                              arrow::MemoryPool* pool) {
  std::vector<ArrayPtr> parts;
  for (size_t r = 0; r < chunks.size(); ++r) {
    ARROW_ASSIGN_OR_RAISE(auto part,
                          CompactRange(type, chunks[r], order, order.ranges[r], pool));
    parts.push_back(std::move(part));
  }
  ARROW_ASSIGN_OR_RAISE(ArrayPtr compact,
                        WithCapacityError(arrow::Concatenate(parts, pool)));
  if (order.positions.empty()) return compact;
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(order.output_rows * 8, pool));
  auto* sources = reinterpret_cast<int64_t*>(buffer->mutable_data());
  std::fill(sources, sources + order.output_rows, kNoRow);
  for (int64_t i = 0; i < order.rows.size(); ++i) sources[order.positions[i]] = i;
  BufferPtr validity;
  if (order.has_missing) {
    ARROW_ASSIGN_OR_RAISE(validity, arrow::AllocateEmptyBitmap(order.output_rows, pool));
    for (const uint32_t position : order.positions) {
      SetBit(validity->mutable_data(), position);
    }
    std::replace(sources, sources + order.output_rows, kNoRow, int64_t{0});
  }
  const arrow::Int64Array indices(order.output_rows, BufferPtr(std::move(buffer)), validity);
  return TakeRows(*compact, indices, pool);
}

bool IsDictionaryOf(const arrow::Array& chunk, const arrow::DataType& type) {
  return chunk.type_id() == arrow::Type::DICTIONARY && type.id() != arrow::Type::DICTIONARY;
}

/// Codes of the wanted rows first, then their values: touches only what is wanted.
Result<ArrayPtr> DecodeRange(const ArrayPtr& chunk, const GatherOrder& order,
                             const GatherOrder::Range& range, arrow::MemoryPool* pool) {
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(*chunk);
  ARROW_ASSIGN_OR_RAISE(ArrayPtr codes, CompactRange(coded.indices()->type(), coded.indices(),
                                                     order, range, pool));
  return TakeRows(*coded.dictionary(), *codes, pool);
}

}  // namespace

Result<ArrayPtr> CompactRange(const std::shared_ptr<arrow::DataType>& type,
                              const ArrayPtr& chunk, const GatherOrder& order,
                              const GatherOrder::Range& range, arrow::MemoryPool* pool) {
  if (IsDictionaryOf(*chunk, *type)) return DecodeRange(chunk, order, range, pool);
  const int64_t count = range.end - range.begin;
  const bool is_plain = arrow::is_fixed_width(*type) || arrow::is_base_binary_like(type->id());
  if (!is_plain || type->id() == arrow::Type::DICTIONARY) {
    const arrow::UInt32Array indices(
        count, arrow::Buffer::Wrap(order.rows.data() + range.begin,
                                   static_cast<size_t>(count)));
    return TakeRows(*chunk, indices, pool);
  }
  GatherOrder part(pool);
  part.output_rows = count;
  part.ranges = {{range.chunk, 0, count}};
  ARROW_RETURN_NOT_OK(
      part.rows.Append({order.rows.data() + range.begin, static_cast<size_t>(count)}));
  return Gather(type, {chunk}, part, pool);
}

Result<ArrayPtr> Gather(const std::shared_ptr<arrow::DataType>& type,
                        const std::vector<ArrayPtr>& chunks, const GatherOrder& order,
                        arrow::MemoryPool* pool) {
  WINDROW_CHECK(chunks.size() == order.ranges.size());
  if (type->id() == arrow::Type::NA) {
    return std::make_shared<arrow::NullArray>(order.output_rows);
  }
  if (chunks.empty()) return arrow::MakeArrayOfNull(type, order.output_rows, pool);
  for (const ArrayPtr& chunk : chunks) {
    if (!IsDictionaryOf(*chunk, *type)) continue;
    std::vector<ArrayPtr> plain;
    for (size_t r = 0; r < chunks.size(); ++r) {
      ARROW_ASSIGN_OR_RAISE(auto part,
                            CompactRange(type, chunks[r], order, order.ranges[r], pool));
      plain.push_back(std::move(part));
    }
    ARROW_ASSIGN_OR_RAISE(const GatherOrder compacted, CompactedOrder(order, pool));
    return Gather(type, plain, compacted, pool);
  }
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return GatherDictionary(type, chunks, order, pool);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return StringGather<int32_t>(chunks, order, pool).Run(type);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return StringGather<int64_t>(chunks, order, pool).Run(type);
    default:
      break;
  }
  if (arrow::is_fixed_width(*type)) return GatherFixedWidth(type, chunks, order, pool);
  return GatherByTake(type, chunks, order, pool);
}

}  // namespace windrow::column
