// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/base/status.h"
#include "windrow/exec/run_context.h"

namespace windrow::source {

/// A batch that came in one message of another process, counted in the run's budget for
/// as long as one of its buffers lives. It stays where it was received, or is copied into
/// the run's pool where some of its buffers were decompressed: what is left of its
/// message would be held for the others alone. Dictionaries are shared and not counted:
/// each came once for many batches.
Result<std::shared_ptr<arrow::RecordBatch>> CountReceived(
    std::shared_ptr<arrow::RecordBatch> batch, const exec::RunContext& context);

}  // namespace windrow::source
