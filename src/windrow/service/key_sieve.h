// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "windrow/flight/key_filter.h"
#include "windrow/runner/local_runner.h"
#include "windrow/service/scan_job.h"

namespace windrow::service {

/// The distinct keys of the part's rows that a Bloom filter lets through: what a scan
/// with the filter then joins with. Reads the key column, and what `where` needs.
Result<std::shared_ptr<arrow::Array>> SieveKeys(const flight::KeyFilter& filter,
                                                const flight::ScanRequest& request,
                                                const ScanPart& part,
                                                const runner::RunOptions& run,
                                                const arrow::StopToken& stop);

/// The distinct values of `arrays`, without nulls, in an order of no meaning, in memory
/// of the default pool.
Result<std::shared_ptr<arrow::Array>> DistinctOf(
    const arrow::ArrayVector& arrays, const std::shared_ptr<arrow::DataType>& type);

}  // namespace windrow::service
