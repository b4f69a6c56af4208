// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/dictionary_union.h"

#include <arrow/api.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <span>

namespace windrow::sink {
namespace {

constexpr size_t kSeenDictionaries = 8;

bool IsIdentity(std::span<const int32_t> map) {
  for (size_t index = 0; index < map.size(); ++index) {
    if (map[index] != static_cast<int32_t>(index)) return false;
  }
  return true;
}

}  // namespace

Result<DictionaryUnion> DictionaryUnion::Make(
    const std::shared_ptr<arrow::DataType>& value_type, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto unifier, arrow::DictionaryUnifier::Make(value_type, pool));
  return DictionaryUnion(std::move(unifier));
}

Result<IndexMap> DictionaryUnion::Add(const std::shared_ptr<arrow::Array>& dictionary) {
  for (const Seen& seen : seen_) {
    if (seen.dictionary == dictionary->data()) return seen.map;
  }
  IndexMap map;
  ARROW_RETURN_NOT_OK(unifier_->Unify(*dictionary, &map));
  if (IsIdentity({map->data_as<int32_t>(), static_cast<size_t>(dictionary->length())})) {
    map = nullptr;
  }
  if (seen_.size() == kSeenDictionaries) seen_.pop_front();
  seen_.push_back({dictionary->data(), map});
  return map;
}

Result<std::shared_ptr<arrow::Array>> DictionaryUnion::Take() {
  std::shared_ptr<arrow::Array> values;
  ARROW_RETURN_NOT_OK(unifier_->GetResultWithIndexType(arrow::int32(), &values));
  return values;
}

Result<bool> IsDistinct(const arrow::Array& dictionary, arrow::MemoryPool* pool) {
  ARROW_ASSIGN_OR_RAISE(auto unifier,
                        arrow::DictionaryUnifier::Make(dictionary.type(), pool));
  IndexMap map;
  ARROW_RETURN_NOT_OK(unifier->Unify(dictionary, &map));
  return IsIdentity({map->data_as<int32_t>(), static_cast<size_t>(dictionary.length())});
}

Result<std::shared_ptr<arrow::Array>> MapIndices(const arrow::DictionaryArray& array,
                                                 const IndexMap& map,
                                                 arrow::MemoryPool* pool) {
  const int64_t num_rows = array.length();
  const arrow::ArrayData& data = *array.data();
  ARROW_ASSIGN_OR_RAISE(auto mapped, arrow::AllocateBuffer(num_rows * 4, pool));
  const int32_t* indices = data.GetValues<int32_t>(1);
  int32_t* out = mapped->mutable_data_as<int32_t>();
  const int32_t* new_index = map->data_as<int32_t>();
  const auto num_values = static_cast<uint32_t>(map->size() / sizeof(int32_t));
  for (int64_t row = 0; row < num_rows; ++row) {
    const auto index = static_cast<uint32_t>(indices[row]);
    if (index < num_values) {
      out[row] = new_index[index];
    } else if (array.IsNull(row)) {
      out[row] = 0;  // what lies under a null is arbitrary
    } else {
      return DataError("dictionary index ", indices[row], " of a dictionary of ",
                       num_values, " values");
    }
  }
  std::shared_ptr<arrow::Buffer> validity = data.buffers[0];
  if (validity != nullptr && data.offset != 0) {
    ARROW_ASSIGN_OR_RAISE(validity, arrow::internal::CopyBitmap(pool, validity->data(),
                                                                data.offset, num_rows));
  }
  auto result = arrow::ArrayData::Make(array.type(), num_rows,
                                       {validity, std::move(mapped)}, array.null_count());
  result->dictionary = data.dictionary;
  return arrow::MakeArray(result);
}

}  // namespace windrow::sink
