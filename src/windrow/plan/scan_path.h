// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// A chain of filters, projections and probe measurements down to a scan, by what it does
/// to columns: unlike a LateScan it may compute others.
struct ScanPath {
  std::string source;  ///< step of the scan
  const ScanNode* scan = nullptr;
  /// Output columns that are columns of the scan as they are, and those columns' names.
  std::map<std::string, std::string> names;
  /// Output columns that are computed from one column of the scan alone, and that.
  std::map<std::string, std::string> computed;
  /// Columns of the scan that filters or other computed columns read.
  std::set<std::string> read;
  bool drops_rows = false;
};

/// Nothing when the chain holds another kind of node.
std::optional<ScanPath> ScanPathOf(const NodePtr& node);

}  // namespace windrow::plan
