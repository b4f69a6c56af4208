// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

namespace windrow::flight {

// A run's memory must outlive what is sent from it, and the transport lets go of what it
// sends when it likes. So each buffer keeps the run.

/// The same bytes; keeps `run` and `buffer` alive. Null stays null.
std::shared_ptr<arrow::Buffer> KeepWith(std::shared_ptr<const void> run,
                                        std::shared_ptr<arrow::Buffer> buffer);

/// The batch with all of its buffers so.
std::shared_ptr<arrow::RecordBatch> KeepWith(const std::shared_ptr<const void>& run,
                                             const arrow::RecordBatch& batch);

}  // namespace windrow::flight
