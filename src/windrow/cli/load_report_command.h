// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <string>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"
#include "windrow/recipe/key_counts.h"

namespace windrow::cli {

/// Options of `load-report`, as typed.
struct LoadReportCommand {
  recipe::KeyCountsOptions tables;
  int nodes = 4;
  bool measure = false;
  std::string output;  ///< .html; empty: none
  std::string json;    ///< empty: none
  std::string network_rate = "1.25GB";
  std::string disk_rate = "1GB";
  std::string node_memory = "16GiB";
};

/// Counts the keys of both tables, predicts where rows go and what that costs, prints a
/// summary and writes the files that are asked for.
Status RunLoadReport(const LoadReportCommand& command, const EngineOptions& engine,
                     const arrow::StopToken& stop);

}  // namespace windrow::cli
