// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/flight/scan_request.h"

namespace windrow::service {

/// The ranges of chunks that the endpoints of a scan of `table` deliver, in the table's
/// order: each of about `endpoint_bytes` as stored, or no more of them than the request
/// allows. A single range {0, 0} stands for a table whose chunks are not known; a request
/// with a limit has a single range of all chunks.
std::vector<exec::ChunkRange> PlanEndpoints(const exec::Table& table,
                                            const flight::ScanRequest& request,
                                            int64_t endpoint_bytes);

}  // namespace windrow::service
