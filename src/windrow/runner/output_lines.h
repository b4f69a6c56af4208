// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "windrow/runner/local_runner.h"
#include "windrow/runner/run_report.h"

namespace windrow::runner {

/// A line for each output of a run: "out.parquet: 12 rows, 3 columns, 1.2 KiB, 0.004 s".
std::vector<std::string> OutputLines(const LocalRunner& runner, const RunReport& report);

}  // namespace windrow::runner
