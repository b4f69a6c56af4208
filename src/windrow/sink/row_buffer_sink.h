// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "windrow/exec/operator.h"
#include "windrow/exec/row_buffer.h"

namespace windrow::sink {

/// Puts a pipeline's rows into a buffer, from which other pipelines of the run read them.
class RowBufferSink : public exec::TransientSink {
 public:
  /// `schema` is the buffer's.
  RowBufferSink(std::shared_ptr<arrow::Schema> schema,
                std::shared_ptr<exec::RowBuffer> rows, arrow::MemoryPool* pool)
      : schema_(std::move(schema)), rows_(std::move(rows)), pool_(pool) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<exec::RowBuffer> rows_;
  arrow::MemoryPool* pool_;
};

}  // namespace windrow::sink
