// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"
#include "windrow/flight/client.h"

namespace windrow::source {

/// An endpoint and how to ask for it.
struct PlannedEndpoint {
  flight::ScanEndpoint endpoint;
  bool has_marks = false;  ///< see flight::ScanInfo::is_windrow
  /// What a server must have before it can deliver: KeyFilter::bytes, or null.
  std::shared_ptr<const std::string> key_filter;
};

/// A scan that pulls `endpoints`, whose batches have the columns of `schema`. A unit is
/// one batch.
Result<std::unique_ptr<exec::Source>> MakeFlightScan(
    std::vector<PlannedEndpoint> endpoints, std::shared_ptr<arrow::Schema> schema,
    const flight::ServerAccess& access, exec::RunContext* context);

}  // namespace windrow::source
