// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/text_numbers.h"

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace windrow::source {
namespace {

constexpr int64_t kFirstSlots = 1024;

template <typename Offset>
void FillOffsets(const column::PoolVector<int64_t>& ends, arrow::Buffer* buffer) {
  auto* offsets = reinterpret_cast<Offset*>(buffer->mutable_data());
  *offsets++ = 0;
  for (const int64_t end : ends) *offsets++ = static_cast<Offset>(end);
}

}  // namespace

Result<int32_t> TextNumbers::NumberOf(std::string_view text) {
  if (2 * (ends_.size() + 1) > slots_.size()) ARROW_RETURN_NOT_OK(Grow());
  const uint64_t hash = XXH3_64bits(text.data(), text.size());
  const auto upper = static_cast<uint32_t>(hash >> 32);
  const auto mask = static_cast<uint64_t>(slots_.size() - 1);
  uint64_t place = hash & mask;
  for (; slots_[place].number != 0; place = (place + 1) & mask) {
    const auto number = static_cast<int32_t>(slots_[place].number - 1);
    if (slots_[place].hash == upper && this->text(number) == text) return number;
  }
  ARROW_RETURN_NOT_OK(bytes_.Append({text.data(), text.size()}));
  ARROW_RETURN_NOT_OK(ends_.Append(bytes_.size()));
  slots_[place] = {upper, static_cast<uint32_t>(ends_.size())};
  return static_cast<int32_t>(ends_.size() - 1);
}

Status TextNumbers::Grow() {
  column::PoolVector<Slot> grown(pool_);
  ARROW_RETURN_NOT_OK(grown.Assign(std::max(kFirstSlots, 2 * slots_.size()), Slot{0, 0}));
  const auto mask = static_cast<uint64_t>(grown.size() - 1);
  for (int64_t i = 0; i < ends_.size(); ++i) {
    const std::string_view known = text(static_cast<int32_t>(i));
    const uint64_t hash = XXH3_64bits(known.data(), known.size());
    uint64_t place = hash & mask;
    while (grown[place].number != 0) place = (place + 1) & mask;
    grown[place] = {static_cast<uint32_t>(hash >> 32), static_cast<uint32_t>(i + 1)};
  }
  slots_ = std::move(grown);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> TextNumbers::Take(
    const std::shared_ptr<arrow::DataType>& type) {
  const bool is_large = arrow::is_large_binary_like(type->id());
  const int64_t width = is_large ? sizeof(int64_t) : sizeof(int32_t);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                        arrow::AllocateBuffer((ends_.size() + 1) * width, pool_));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes,
                        arrow::AllocateBuffer(bytes_.size(), pool_));
  if (is_large) {
    FillOffsets<int64_t>(ends_, offsets.get());
  } else {
    FillOffsets<int32_t>(ends_, offsets.get());
  }
  if (!bytes_.empty()) {
    std::memcpy(bytes->mutable_data(), bytes_.data(), static_cast<size_t>(bytes_.size()));
  }
  auto array = arrow::MakeArray(arrow::ArrayData::Make(
      type, ends_.size(), {nullptr, std::move(offsets), std::move(bytes)}, 0));
  ends_.Clear();
  bytes_.Clear();
  std::fill(slots_.begin(), slots_.end(), Slot{0, 0});
  return array;
}

}  // namespace windrow::source
