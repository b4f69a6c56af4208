// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::recipe {

/// Makes a data set and writes it. The fields are the command's options.
struct GenerateJobOptions {
  std::string dataset;  ///< securities, quotes or pings
  int64_t rows = 0;
  std::optional<int64_t> seed;
  std::map<std::string, std::string> options;  ///< the data set's own
  std::string compression;                     ///< empty: none for .arrow
  std::string output;
};

/// The job document of a generation.
Result<plan::JobSpec> GenerateJob(const GenerateJobOptions& options);

}  // namespace windrow::recipe
