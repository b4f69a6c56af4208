// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <iosfwd>
#include <string>

#include "windrow/base/status.h"

namespace windrow::cli {

struct InspectOptions {
  std::string path;
  int64_t samples = 0;  ///< rows to print
  bool verify = false;  ///< read and validate every value
  std::string s3_endpoint;
};

/// Prints format, rows, sizes and schema of a Parquet or Arrow IPC file (or of a folder
/// or glob of files), the first rows on request; an ArrayRecord file goes to
/// InspectArrayRecord. With `verify` every value is decoded and
/// validated (offsets, UTF-8, dictionary codes); the first fault is a DataError.
Status InspectFile(const InspectOptions& options, const arrow::StopToken& stop,
                   std::ostream& out);

}  // namespace windrow::cli
