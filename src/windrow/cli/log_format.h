// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/base/status.h"

namespace windrow::cli {

/// Sends the log to stderr: lines for people ("text"), or one JSON object a line with
/// time, level and message ("json").
void StartLog(const std::string& level, const std::string& format);

/// The failure of a command: "windrow: MESSAGE", or a line of the JSON log with the exit
/// code.
void LogFailure(const Status& status, const std::string& format);

}  // namespace windrow::cli
