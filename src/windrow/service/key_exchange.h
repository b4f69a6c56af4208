// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/flight/server.h>

#include <memory>

#include "windrow/flight/scan_request.h"
#include "windrow/runner/local_runner.h"
#include "windrow/service/served_tables.h"

namespace windrow::service {

/// Reads the keys of a DoExchange, batches of one column, to their end: the distinct ones
/// as values of the table's column. That column is the request's key column, or where it
/// has none the one named like the keys', which is then set. UserError for more than
/// `most_bytes`, no such column, or values that it cannot hold.
Result<std::shared_ptr<arrow::Array>> ReadKeys(arrow::flight::FlightMessageReader* reader,
                                               const ServedTable& served,
                                               int64_t most_bytes,
                                               flight::ScanRequest* request);

/// Runs a job with a single result and writes its rows.
Status WriteRows(plan::PreparedJob job, const runner::RunOptions& run,
                 const std::shared_ptr<arrow::Schema>& schema,
                 const arrow::StopToken& stop,
                 arrow::flight::FlightMessageWriter* writer);

}  // namespace windrow::service
