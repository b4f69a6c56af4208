// SPDX-License-Identifier: Apache-2.0
#include "windrow/op/dictionary_map.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/type.h>

#include <algorithm>
#include <atomic>
#include <string_view>

#include "windrow/base/check.h"

namespace windrow::op {
namespace {

using column::PoolVector;
using column::ValueDictionary;

/// Values of a text or binary array; null ones are empty views with is_null set.
Status ViewsOf(const arrow::Array& array, std::vector<std::string_view>* views) {
  const auto take = [&](const auto& typed) {
    for (int64_t i = 0; i < typed.length(); ++i) {
      views->push_back(typed.IsNull(i) ? std::string_view() : typed.GetView(i));
    }
    return Status::OK();
  };
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return take(static_cast<const arrow::BinaryArray&>(array));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return take(static_cast<const arrow::LargeBinaryArray&>(array));
    default:
      return InternalError("a dictionary of ", array.type()->ToString(),
                           "; expected text or binary");
  }
}

}  // namespace

/// A dictionary and what its positions are here.
struct DictionaryMap::Mapped {
  explicit Mapped(arrow::MemoryPool* pool) : codes(pool), tags(pool) {}
  std::weak_ptr<arrow::ArrayData> dictionary;
  PoolVector<uint32_t> codes;
  PoolVector<uint32_t> tags;
  std::unique_ptr<std::atomic<uint8_t>[]> used;
};

DictionaryMap::DictionaryMap(arrow::MemoryPool* pool) : pool_(pool), values_(pool) {}

Result<DictionaryMap::MappedPtr> DictionaryMap::Map(
    const std::shared_ptr<arrow::ArrayData>& dictionary) {
  // Whoever lets go of it last reports which of its values rows had.
  MappedPtr mapped(new Mapped(pool_), [this](Mapped* last) {
    NoteUsed(*last);
    delete last;
  });
  mapped->dictionary = dictionary;
  const auto array = arrow::MakeArray(dictionary);
  std::vector<std::string_view> views;
  views.reserve(static_cast<size_t>(array->length()));
  ARROW_RETURN_NOT_OK(ViewsOf(*array, &views));
  ARROW_RETURN_NOT_OK(mapped->codes.Resize(array->length()));
  ARROW_RETURN_NOT_OK(mapped->tags.Resize(array->length()));
  ARROW_RETURN_NOT_OK(values_.Intern(views, mapped->codes.data(), mapped->tags.data()));
  if (array->null_count() > 0) {
    for (int64_t i = 0; i < array->length(); ++i) {
      if (array->IsNull(i)) mapped->codes[i] = ValueDictionary::kNullCode;
    }
  }
  mapped->used =
      std::make_unique<std::atomic<uint8_t>[]>(static_cast<size_t>(array->length()));
  return mapped;
}

Result<DictionaryMap::MappedPtr> DictionaryMap::MapOf(
    const std::shared_ptr<arrow::ArrayData>& dictionary, bool is_kept) {
  if (!is_kept) return Map(dictionary);
  int64_t generation = 0;
  {
    const std::scoped_lock lock(kept_mutex_);
    for (const MappedPtr& mapped : kept_) {
      if (mapped->dictionary.lock() == dictionary) return mapped;
    }
    generation = generation_;
  }
  ARROW_ASSIGN_OR_RAISE(MappedPtr mapped, Map(dictionary));
  const std::scoped_lock lock(kept_mutex_);
  if (generation != generation_) return mapped;  // its tags may be old
  // No batch will come that has a dictionary nobody holds any more.
  std::erase_if(kept_, [](const MappedPtr& old) { return old->dictionary.expired(); });
  kept_.push_back(mapped);
  if (kept_.size() > kKeptMax) kept_.pop_front();
  return mapped;
}

void DictionaryMap::NoteUsed(const Mapped& mapped) {
  if (mapped.used == nullptr) return;
  const std::scoped_lock lock(used_mutex_);
  for (int64_t i = 0; i < mapped.codes.size(); ++i) {
    if (mapped.used[i].load(std::memory_order_relaxed) == 0) continue;
    const uint32_t code = mapped.codes[i];
    if (code >= used_.size()) used_.resize(std::max<size_t>(code + 1, 2 * used_.size()));
    used_[code] = 1;
  }
}

void DictionaryMap::ForgetDictionaries() {
  const std::scoped_lock lock(kept_mutex_);
  ++generation_;
  kept_.clear();
}

std::vector<uint8_t> DictionaryMap::TakeUsed() {
  ForgetDictionaries();
  if (null_used_ && used_.empty()) used_.resize(1);
  if (null_used_) used_[ValueDictionary::kNullCode] = 1;
  return std::move(used_);
}

Status DictionaryMap::CodesOf(const std::shared_ptr<arrow::Array>& column,
                              arrow::MemoryPool* pool, PoolVector<uint32_t>* codes,
                              PoolVector<uint32_t>* tags) {
  std::shared_ptr<arrow::Array> coded = column;
  const bool is_dictionary = column->type_id() == arrow::Type::DICTIONARY;
  if (!is_dictionary) {
    arrow::compute::ExecContext compute(pool);
    compute.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        const arrow::Datum encoded,
        arrow::compute::DictionaryEncode(
            column, arrow::compute::DictionaryEncodeOptions::Defaults(), &compute));
    coded = encoded.make_array();
  }
  const arrow::ArrayData& data = *coded->data();
  ARROW_ASSIGN_OR_RAISE(const MappedPtr mapped, MapOf(data.dictionary, is_dictionary));
  const int64_t rows = data.length;
  ARROW_RETURN_NOT_OK(codes->Resize(rows));
  if (tags != nullptr) ARROW_RETURN_NOT_OK(tags->Resize(rows));
  const uint32_t null_tag = tags == nullptr ? 0 : values_.null_tag();
  const bool has_nulls = coded->null_count() > 0;
  bool found_null = false;
  const auto translate = [&](const auto* indices) {
    for (int64_t row = 0; row < rows; ++row) {
      const bool is_null = has_nulls && coded->IsNull(row);
      const auto index = is_null ? 0 : static_cast<size_t>(indices[row]);
      const uint32_t code = is_null ? ValueDictionary::kNullCode
                                    : mapped->codes[static_cast<int64_t>(index)];
      (*codes)[row] = code;
      found_null |= code == ValueDictionary::kNullCode;
      if (!is_null && mapped->used[index].load(std::memory_order_relaxed) == 0) {
        mapped->used[index].store(1, std::memory_order_relaxed);
      }
      if (tags != nullptr) {
        (*tags)[row] = code == ValueDictionary::kNullCode
                           ? null_tag
                           : mapped->tags[static_cast<int64_t>(index)];
      }
    }
    if (found_null) null_used_ = true;
    return Status::OK();
  };
  switch (static_cast<const arrow::DictionaryType&>(*data.type).index_type()->id()) {
    case arrow::Type::INT8:
      return translate(data.GetValues<int8_t>(1));
    case arrow::Type::UINT8:
      return translate(data.GetValues<uint8_t>(1));
    case arrow::Type::INT16:
      return translate(data.GetValues<int16_t>(1));
    case arrow::Type::UINT16:
      return translate(data.GetValues<uint16_t>(1));
    case arrow::Type::INT32:
      return translate(data.GetValues<int32_t>(1));
    case arrow::Type::UINT32:
      return translate(data.GetValues<uint32_t>(1));
    default:
      return translate(data.GetValues<int64_t>(1));
  }
}

}  // namespace windrow::op
