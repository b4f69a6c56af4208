// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/exec/switches.h"
#include "windrow/exec/table.h"
#include "windrow/flight/scan_request.h"
#include "windrow/plan/prepare.h"
#include "windrow/service/served_tables.h"

namespace windrow::service {

/// Name of the result of a scan's job.
inline constexpr char kScanResult[] = "result";

/// The part of a table that a scan reads.
struct ScanPart {
  const ServedTable* served = nullptr;
  std::optional<exec::ChunkRange> chunks;  ///< nothing: all
};

/// A job that delivers what `request` asks of `part`: the rows that fulfil `where`,
/// joined with `keys` if there are any, the columns, the limit. `keys` holds distinct
/// values of the request's key column; it is null without one. Rows come in the table's
/// order without keys, else in the order of the keys. UserError when columns or the
/// expression do not fit the table.
Result<plan::PreparedJob> PrepareScan(const flight::ScanRequest& request,
                                      const ScanPart& part,
                                      std::shared_ptr<arrow::Array> keys,
                                      const exec::Switches& switches);

/// What PrepareScan, or else the lookup of its keys, would find wrong with a request. Its
/// keys, if it has any, are in a filter.
Status CheckScan(const flight::ScanRequest& request, const ServedTable& served,
                 const exec::Switches& switches);

/// Names of the columns that come back, and what they are.
std::vector<std::string> ColumnsOf(const flight::ScanRequest& request,
                                   const arrow::Schema& schema);
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const flight::ScanRequest& request,
                                                const ServedTable& served);

}  // namespace windrow::service
