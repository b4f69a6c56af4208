// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/generated_column.h"

#include <arrow/array/data.h>
#include <arrow/array/util.h>

#include <limits>

#include "windrow/base/check.h"
#include "windrow/source/counter_random.h"

namespace windrow::source {

Words::Words(const std::vector<std::string>& words) : slots_(words.size()) {
  WINDROW_CHECK(!words.empty() && words.size() <= 1 << 16);
  for (size_t i = 0; i < words.size(); ++i) {
    WINDROW_CHECK(words[i].size() <= kSlotBytes);
    std::memset(slots_[i].text, 0, kSlotBytes);
    std::memcpy(slots_[i].text, words[i].data(), words[i].size());
    slots_[i].length = static_cast<int32_t>(words[i].size());
  }
}

int64_t Words::mean_length() const {
  int64_t sum = 0;
  for (const Slot& slot : slots_) sum += slot.length;
  return (sum + size() - 1) / size();
}

Weighted::Weighted(const std::vector<int>& weights) {
  WINDROW_CHECK(weights.size() <= 256);
  for (size_t i = 0; i < weights.size(); ++i) {
    slots_.insert(slots_.end(), weights[i], static_cast<uint8_t>(i));
  }
  WINDROW_CHECK(!slots_.empty() && slots_.size() <= 10'000);
}

int Weighted::operator()(uint64_t bits) const {
  return slots_[Below(bits, slots_.size())];
}

namespace internal {

Result<NumberBuffers> AllocateNumbers(int64_t count, int64_t value_bytes, bool nullable,
                                      arrow::MemoryPool* pool) {
  NumberBuffers buffers;
  ARROW_ASSIGN_OR_RAISE(buffers.values, arrow::AllocateBuffer(count * value_bytes, pool));
  if (nullable) {
    ARROW_ASSIGN_OR_RAISE(buffers.validity, arrow::AllocateBuffer((count + 7) / 8, pool));
    std::memset(buffers.validity->mutable_data(), 0, buffers.validity->size());
  }
  return buffers;
}

std::shared_ptr<arrow::Array> FinishNumbers(std::shared_ptr<arrow::DataType> type,
                                            int64_t count, NumberBuffers buffers,
                                            int64_t null_count) {
  if (null_count == 0) buffers.validity = nullptr;
  return arrow::MakeArray(arrow::ArrayData::Make(
      std::move(type), count, {std::move(buffers.validity), std::move(buffers.values)},
      null_count));
}

Result<std::shared_ptr<arrow::ResizableBuffer>> AllocateOffsets(int64_t count,
                                                                arrow::MemoryPool* pool) {
  return arrow::AllocateResizableBuffer((count + 1) * sizeof(int32_t), pool);
}

Result<std::shared_ptr<arrow::ResizableBuffer>> AllocateText(int64_t bytes,
                                                             arrow::MemoryPool* pool) {
  return arrow::AllocateResizableBuffer(bytes + Words::kSlotBytes, pool);
}

Result<std::shared_ptr<arrow::Array>> FinishText(int64_t count, TextBuffers buffers) {
  const int64_t end = reinterpret_cast<const int32_t*>(buffers.offsets->data())[count];
  // Returning a few spare bytes would cost a copy of all the others.
  const bool is_roomy = buffers.bytes->capacity() > end + end / 4 + 1024;
  ARROW_RETURN_NOT_OK(buffers.bytes->Resize(end, /*shrink_to_fit=*/is_roomy));
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::utf8(), count,
      {nullptr, std::move(buffers.offsets), std::move(buffers.bytes)}, 0));
}

Status CheckTextBytes(int64_t bytes) {
  if (bytes <= std::numeric_limits<int32_t>::max()) return Status::OK();
  return InternalError("generate: ", bytes,
                       " bytes of text asked for one array, at most ",
                       std::numeric_limits<int32_t>::max(), " fit");
}

}  // namespace internal
}  // namespace windrow::source
