// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/metrics.h"
#include "windrow/exec/run_context.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/prepare.h"

namespace windrow::runner {

/// What a manifest says of a file's content.
struct FileContent {
  int64_t bytes = 0;
  std::string xxh3;  ///< XXH3 of 64 bits, as hex
};

/// Reads the whole file.
Result<FileContent> ReadFileContent(const std::string& path, exec::RunContext* context);

/// Adds to each folder that asks for one a manifest: JSON that says what the files hold
/// and what they were made from, documented with the job document. The same job over the
/// same inputs gives the same manifest, so it holds no times and nothing of the machine.
/// Reads the files, in parallel, for their checksums.
Status AddManifests(const plan::PreparedJob& job, const exec::RunMetrics& metrics,
                    const std::vector<plan::WrittenFolder>& folders,
                    exec::RunContext* context);

}  // namespace windrow::runner
