// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <utility>

#include "windrow/exec/operator.h"

namespace windrow::op {

/// The Prepared of a breaker whose parallel part leaves a batch.
struct WholeBatch : exec::Prepared {
  explicit WholeBatch(std::shared_ptr<arrow::RecordBatch> batch)
      : batch(std::move(batch)) {}
  std::shared_ptr<arrow::RecordBatch> batch;
};

}  // namespace windrow::op
