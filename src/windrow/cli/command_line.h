// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

namespace windrow::cli {

/// Parses the arguments, runs the command and returns the process's exit code. A failure
/// is one line on stderr (one for each problem of a job document).
int RunCommandLine(int argc, char** argv, const arrow::StopToken& stop);

}  // namespace windrow::cli
