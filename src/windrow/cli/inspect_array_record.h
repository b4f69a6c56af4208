// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <iosfwd>

#include "windrow/base/status.h"
#include "windrow/cli/inspect_command.h"

namespace windrow::cli {

/// Prints what the footer of an ArrayRecord file says, and the first records on request:
/// as text when they are UTF-8, else their size and first bytes. With `verify` the whole
/// file is read and checked; the first fault is a DataError that names its position.
Status InspectArrayRecord(const InspectOptions& options, const arrow::StopToken& stop,
                          std::ostream& out);

}  // namespace windrow::cli
