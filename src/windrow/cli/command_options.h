// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "windrow/cli/load_report_command.h"
#include "windrow/cli/pod_usage_command.h"
#include "windrow/cli/serve_command.h"

namespace windrow::cli {

// The options that a command has of its own. What is parsed goes into the structs, which
// outlive `command`.

void AddPodUsageOptions(CLI::App* command, PodUsageCommand* pod_usage);
void AddLoadReportOptions(CLI::App* command, LoadReportCommand* load_report);
void AddServeOptions(CLI::App* command, ServeOptions* serve);

/// A whole number, 0 or more. CLI11's own check for this spells out the largest double.
CLI::Validator WholeNumber();

}  // namespace windrow::cli
