// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::recipe {

/// Makes the files that pod-usage reads, for a cluster of the benchmark's shape.
struct PodUsageDataOptions {
  int64_t rows = 0;  ///< of the hourly table
  std::optional<int64_t> seed;
  std::map<std::string, std::string> options;  ///< see docs/COMMAND_LINE.md, data sets
  std::string compression;                     ///< empty: snappy
  std::string output;                          ///< a folder
};

struct PodUsageData {
  plan::JobSpec job;      ///< the folders of its files do not exist yet
  std::string reference;  ///< text of reference.json, which goes beside `data`
};

/// A UserError names an unknown option or one out of range.
Result<PodUsageData> MakePodUsageData(const PodUsageDataOptions& options);

}  // namespace windrow::recipe
