// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/operator.h"

namespace windrow::sink {

/// Keeps a pipeline's rows in memory, as the batches they came in. Read batches() after
/// Commit; before it they may be incomplete.
class CollectSink : public exec::TransientSink {
 public:
  using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  /// The batches also go to `batches`, which the caller keeps.
  explicit CollectSink(std::shared_ptr<Batches> batches);

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  void Abort() override;

 private:
  std::shared_ptr<Batches> batches_;
};

}  // namespace windrow::sink
