// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "windrow/exec/table.h"

namespace windrow::source {

/// The stored batches of all parts of a set, chunks numbered through.
class SetBatches : public exec::StoredBatches {
 public:
  struct Part {
    std::shared_ptr<const exec::StoredBatches> batches;  ///< all of one codec
    int64_t chunks = 0;
  };

  /// `parts` is not empty.
  explicit SetBatches(std::vector<Part> parts) : parts_(std::move(parts)) {}

  std::string codec() const override { return parts_[0].batches->codec(); }
  int64_t most_bytes() const override {
    int64_t most = 0;
    for (const Part& part : parts_) most = std::max(most, part.batches->most_bytes());
    return most;
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Load(
      int64_t chunk, arrow::MemoryPool* pool,
      arrow::ipc::IpcPayload* message) const override {
    size_t part = 0;
    while (chunk >= parts_[part].chunks) chunk -= parts_[part++].chunks;
    return parts_[part].batches->Load(chunk, pool, message);
  }

 private:
  std::vector<Part> parts_;
};

}  // namespace windrow::source
