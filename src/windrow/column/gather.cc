// SPDX-License-Identifier: Apache-2.0
// Late, column-wise gather: the second half of a join that keeps only keys and row
// numbers.
//
// Source rows are visited in ascending order, output rows jump about. For strings a first
// pass over the offsets notes where each value starts and how long it is, a prefix sum in
// output order gives the output's offsets, a second pass copies the bytes. Both passes
// prefetch, as nearly each visited row is a cache miss when few rows of many are wanted.
// Values are copied exactly, never rounded up to a word: the neighbour may be there
// already.
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
#include "windrow/column/gather_internal.h"

namespace windrow::column {
namespace {

using arrow::bit_util::GetBit;
using arrow::bit_util::SetBit;
using arrow::internal::checked_cast;
using internal::ArrayPtr;
using internal::BufferPtr;
using internal::GatherFixedWidth;

arrow::compute::ExecContext SerialContext(arrow::MemoryPool* pool) {
  arrow::compute::ExecContext context(pool);
  context.set_use_threads(false);
  return context;
}

/// Arrow reports offsets past 2 GiB as Invalid. Good indices on good arrays fail in no
/// other way that is Invalid.
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
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr indices,
                        TakeRows(*new_codes, *coded.indices(), pool));
  ARROW_ASSIGN_OR_RAISE(const ArrayPtr values,
                        arrow::compute::DropNull(*dictionary, &context));
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
      type, indices, checked_cast<const arrow::DictionaryArray&>(*coded[0]).dictionary());
}

/// Nested and other types, by Arrow's take: compact each chunk, then permute.
Result<ArrayPtr> GatherByTake(const std::shared_ptr<arrow::DataType>& type,
                              const std::vector<ArrayPtr>& chunks,
                              const GatherOrder& order, arrow::MemoryPool* pool) {
  std::vector<ArrayPtr> parts;
  for (size_t r = 0; r < chunks.size(); ++r) {
    const auto [chunk, begin, end] = order.ranges[r];
    const auto rows = order.rows.view().subspan(begin, end - begin);
    ARROW_ASSIGN_OR_RAISE(auto part, CompactRows(type, chunks[r], rows, pool));
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
  const arrow::Int64Array indices(order.output_rows, BufferPtr(std::move(buffer)),
                                  validity);
  return TakeRows(*compact, indices, pool);
}

bool IsDictionaryOf(const arrow::Array& chunk, const arrow::DataType& type) {
  return chunk.type_id() == arrow::Type::DICTIONARY &&
         type.id() != arrow::Type::DICTIONARY;
}

/// Codes of the wanted rows first, then their values: touches only what is wanted.
Result<ArrayPtr> DecodeRows(const ArrayPtr& chunk, std::span<const uint32_t> rows,
                            arrow::MemoryPool* pool) {
  const auto& coded = checked_cast<const arrow::DictionaryArray&>(*chunk);
  ARROW_ASSIGN_OR_RAISE(
      ArrayPtr codes, CompactRows(coded.indices()->type(), coded.indices(), rows, pool));
  return TakeRows(*coded.dictionary(), *codes, pool);
}

}  // namespace

Result<ArrayPtr> CompactRows(const std::shared_ptr<arrow::DataType>& type,
                             const ArrayPtr& chunk, std::span<const uint32_t> rows,
                             arrow::MemoryPool* pool) {
  if (IsDictionaryOf(*chunk, *type)) return DecodeRows(chunk, rows, pool);
  const auto count = static_cast<int64_t>(rows.size());
  const bool is_plain =
      arrow::is_fixed_width(*type) || arrow::is_base_binary_like(type->id());
  if (!is_plain || type->id() == arrow::Type::DICTIONARY) {
    const arrow::UInt32Array indices(count,
                                     arrow::Buffer::Wrap(rows.data(), rows.size()));
    return TakeRows(*chunk, indices, pool);
  }
  GatherOrder part(pool);
  part.output_rows = count;
  part.ranges = {{0, 0, count}};
  ARROW_RETURN_NOT_OK(part.rows.Append(rows));
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
    ARROW_ASSIGN_OR_RAISE(const CompactOrder compact, MakeCompactOrder(order, pool));
    std::vector<ArrayPtr> plain;
    for (size_t r = 0; r < chunks.size(); ++r) {
      ARROW_ASSIGN_OR_RAISE(auto part,
                            CompactRows(type, chunks[r], compact.RowsOf(r), pool));
      plain.push_back(std::move(part));
    }
    return Gather(type, plain, compact.order, pool);
  }
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return GatherDictionary(type, chunks, order, pool);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return internal::GatherStrings(type, chunks, order, pool);
    default:
      break;
  }
  if (arrow::is_fixed_width(*type)) return GatherFixedWidth(type, chunks, order, pool);
  return GatherByTake(type, chunks, order, pool);
}

}  // namespace windrow::column
