// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"

namespace windrow::flight {

/// A copy of the batch in one block of `pool`. What gRPC hands out lies in its own
/// memory, which counts in no budget and, kept for long between messages that come and
/// go, keeps much more than itself.
Result<std::shared_ptr<arrow::RecordBatch>> OwnedBatch(const arrow::RecordBatch& batch,
                                                       arrow::MemoryPool* pool);

}  // namespace windrow::flight
