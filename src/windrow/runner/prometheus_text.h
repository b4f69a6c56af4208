// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/runner/run_report.h"

namespace windrow::runner {

/// The report as metrics in Prometheus' text format (version 0.0.4), for the text file
/// collector of node_exporter. Every metric has the label `job`; names are listed in
/// docs/COMMAND_LINE.md. `exit_code` is the process's.
std::string ToPrometheus(const RunReport& report, int exit_code);

}  // namespace windrow::runner
