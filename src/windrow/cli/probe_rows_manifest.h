// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::cli {

/// What the manifest of a probe-rows folder says.
struct ProbeRowsManifest {
  struct File {
    int64_t rows = 0;
    int64_t bytes = 0;
    std::string xxh3;
  };

  plan::JobSpec job;
  plan::ProbeRecordsSpec records;  ///< the step that made the records
  plan::WriteSpec write;           ///< the sink that wrote them
  std::optional<int64_t> input_rows;
  int64_t rejected_rows = 0;
  std::map<std::string, int64_t> counts;  ///< of the step of `records`
  std::map<std::string, File> files;      ///< by name
};

/// Reads FOLDER/manifest.json. DataError when it is no such manifest.
Result<ProbeRowsManifest> ReadProbeRowsManifest(const std::string& folder);

}  // namespace windrow::cli
