// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <iosfwd>
#include <string>

#include "windrow/base/status.h"
#include "windrow/cli/engine_options.h"

namespace windrow::cli {

/// Checks every record of a folder that probe-rows wrote, against its manifest and
/// itself: what op::ProbeCheck checks, sizes and checksums of the files, the split over
/// all files, and that as many measurements came out as went in. Prints a summary; a
/// DataError has a line for each kind of fault, with the first file and record.
Status VerifyProbeRows(const std::string& folder, const EngineOptions& options,
                       const arrow::StopToken& stop, std::ostream& out);

}  // namespace windrow::cli
