// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/kept_buffer.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <utility>
#include <vector>

namespace windrow::flight {
namespace {

class KeptBuffer : public arrow::Buffer {
 public:
  KeptBuffer(std::shared_ptr<const void> run, std::shared_ptr<arrow::Buffer> buffer)
      : Buffer(buffer->data(), buffer->size()),
        run_(std::move(run)),
        buffer_(std::move(buffer)) {}

 private:
  // Destroyed in the reverse order.
  std::shared_ptr<const void> run_;
  std::shared_ptr<arrow::Buffer> buffer_;
};

std::shared_ptr<arrow::ArrayData> KeepWith(const std::shared_ptr<const void>& run,
                                           const arrow::ArrayData& data) {
  auto kept = data.Copy();
  for (auto& buffer : kept->buffers) buffer = flight::KeepWith(run, std::move(buffer));
  for (auto& child : kept->child_data) child = KeepWith(run, *child);
  if (kept->dictionary != nullptr) kept->dictionary = KeepWith(run, *kept->dictionary);
  return kept;
}

}  // namespace

std::shared_ptr<arrow::Buffer> KeepWith(std::shared_ptr<const void> run,
                                        std::shared_ptr<arrow::Buffer> buffer) {
  if (buffer == nullptr) return nullptr;
  return std::make_shared<KeptBuffer>(std::move(run), std::move(buffer));
}

std::shared_ptr<arrow::RecordBatch> KeepWith(const std::shared_ptr<const void>& run,
                                             const arrow::RecordBatch& batch) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    columns.push_back(KeepWith(run, *batch.column_data(i)));
  }
  return arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), std::move(columns));
}

}  // namespace windrow::flight
