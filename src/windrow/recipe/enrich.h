// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::recipe {

/// Joins quotes with the securities they are for. The fields are the command's options.
struct EnrichOptions {
  std::string quotes;                   ///< path or glob
  std::vector<std::string> securities;  ///< paths or globs; several are partitions
  std::string on = "instrumentId=ID";   ///< QUOTES_COLUMN=SECURITIES_COLUMN
  std::string how = "inner";            ///< inner, left, semi or anti
  std::string columns = "all";          ///< of securities: all, or names with commas
  bool spread = false;                  ///< adds spread_pct and spread_bps
  std::string filter;                   ///< SQL expression over the output; empty: none
  std::string sort_by;                  ///< COL:asc or COL:desc, with commas; empty: none
  std::optional<int64_t> limit;
  std::string output;  ///< .arrow or .parquet
};

/// The job document of an enrichment. UserError for options that do not go together.
/// spread_pct = 100 * spread / price and spread_bps = 10000 * spread / price; both are
/// null when the price is null or 0.
Result<plan::JobSpec> EnrichJob(const EnrichOptions& options);

}  // namespace windrow::recipe
