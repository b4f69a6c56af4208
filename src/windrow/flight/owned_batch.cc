// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/owned_batch.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <utility>
#include <vector>

namespace windrow::flight {
namespace {

constexpr int64_t kAlignment = 64;

int64_t PaddedBytes(const arrow::ArrayData& data) {
  int64_t bytes = 0;
  for (const auto& buffer : data.buffers) {
    if (buffer != nullptr) {
      bytes += arrow::bit_util::RoundUpToPowerOf2(buffer->size(), kAlignment);
    }
  }
  for (const auto& child : data.child_data) bytes += PaddedBytes(*child);
  return bytes;
}

/// Hands out the block piece by piece.
class Block {
 public:
  explicit Block(std::shared_ptr<arrow::Buffer> block) : block_(std::move(block)) {}

  /// A dictionary is shared: it came once for many batches.
  std::shared_ptr<arrow::ArrayData> Copy(const arrow::ArrayData& data) {
    auto copy = data.Copy();
    for (auto& buffer : copy->buffers) {
      if (buffer != nullptr) buffer = Copy(*buffer);
    }
    for (auto& child : copy->child_data) child = Copy(*child);
    return copy;
  }

 private:
  std::shared_ptr<arrow::Buffer> Copy(const arrow::Buffer& buffer) {
    const int64_t begin = next_;
    const int64_t size = buffer.size();
    if (size > 0) std::memcpy(block_->mutable_data() + begin, buffer.data(), size);
    next_ += arrow::bit_util::RoundUpToPowerOf2(size, kAlignment);
    return arrow::SliceBuffer(block_, begin, size);
  }

  std::shared_ptr<arrow::Buffer> block_;
  int64_t next_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> OwnedBatch(const arrow::RecordBatch& batch,
                                                       arrow::MemoryPool* pool) {
  int64_t bytes = 0;
  for (int i = 0; i < batch.num_columns(); ++i) {
    bytes += PaddedBytes(*batch.column_data(i));
  }
  ARROW_ASSIGN_OR_RAISE(auto memory, arrow::AllocateBuffer(bytes, pool));
  Block block(std::move(memory));
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    columns.push_back(block.Copy(*batch.column_data(i)));
  }
  return arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), std::move(columns));
}

}  // namespace windrow::flight
