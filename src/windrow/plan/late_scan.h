// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "windrow/plan/logical_plan.h"

namespace windrow::plan {

/// A join input that is a scan, perhaps filtered and with columns renamed: its rows can
/// be found again by number, so a join need not carry its payload.
struct LateScan {
  std::string source;
  const ScanNode* scan = nullptr;
  std::vector<ExprPtr> filters;  ///< over the table's columns
  std::map<std::string, std::string>
      names;  ///< column of the input to column of the table
};

/// `node` as a late scan, or nothing when some column is computed or rows are combined.
std::optional<LateScan> AsLateScan(const NodePtr& node);

}  // namespace windrow::plan
