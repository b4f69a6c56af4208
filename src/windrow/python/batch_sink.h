// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "windrow/exec/channel.h"
#include "windrow/exec/operator.h"

namespace windrow::python {

using BatchChannel = exec::Channel<std::shared_ptr<arrow::RecordBatch>>;

/// Hands a pipeline's batches to the thread that iterates over them.
class BatchSink : public exec::TransientSink {
 public:
  /// `channel` outlives this object. Workers of the run wait for the reader while more
  /// than `most_bytes` are ahead of it, unless `has_company`, asked again and again, says
  /// that the process has another run: that one may be what the reader waits for, and
  /// runs share the workers.
  BatchSink(BatchChannel* channel, int64_t most_bytes, std::function<bool()> has_company)
      : channel_(channel),
        most_bytes_(most_bytes),
        has_company_(std::move(has_company)) {}

  Result<std::unique_ptr<exec::Prepared>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch) override;
  Status Write(std::unique_ptr<exec::Prepared> encoded) override;
  bool Park(std::function<void()> resume) override {
    return channel_->AwaitRoom(std::move(resume));
  }

 private:
  BatchChannel* channel_;
  int64_t most_bytes_;
  std::function<bool()> has_company_;
};

}  // namespace windrow::python
