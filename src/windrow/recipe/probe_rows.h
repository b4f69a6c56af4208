// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"

namespace windrow::recipe {

/// Turns ping measurements into records of probes for training. The fields are the
/// command's options.
struct ProbeRowsOptions {
  std::vector<std::string> input;  ///< paths or globs
  std::string output;              ///< folder
  double train_ratio = 0.9;
  std::string split = "hash";     ///< hash or sorted
  double max_row_size_mb = 8;     ///< in units of 1,048,576 bytes
  std::optional<int64_t> shards;  ///< without it train.arrayrecord, test.arrayrecord
  std::string null_src = "drop";  ///< drop, error or empty
  std::string compression = "zstd:3";
};

/// Name of the file beside the records that says what they hold.
inline constexpr char kProbeRowsManifest[] = "manifest.json";

/// The job document. UserError names the option that is out of range.
Result<plan::JobSpec> ProbeRowsJob(const ProbeRowsOptions& options);

}  // namespace windrow::recipe
