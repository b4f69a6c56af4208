// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/pod_usage_input.h"

#include <string>
#include <variant>
#include <vector>

#include "windrow/fs/object_listing.h"

namespace windrow::recipe {
namespace {

bool IsBucket(const std::string& path) {
  constexpr size_t kSchemeLength = 5;  // "s3://"
  return path.find('/', kSchemeLength) == std::string::npos ||
         path.find('/', kSchemeLength) == path.size() - 1;
}

}  // namespace

Result<bool> HasPodUsageReports(const plan::JobSpec& job, const PodUsageOptions& options,
                                const fs::ObjectAccess& access) {
  const std::string& input = options.input;
  std::vector<std::string> patterns;
  for (const plan::SourceSpec& source : job.sources) {
    const auto* scan = std::get_if<plan::ScanSpec>(&source.kind);
    if (scan == nullptr) continue;
    for (const plan::PlacedText& path : scan->paths) patterns.push_back(path.value);
  }
  ARROW_ASSIGN_OR_RAISE(const auto listed, fs::ListFiles(patterns, access, true));
  for (const auto& files : listed) {
    if (!files.empty()) return true;
  }
  const bool is_remote = fs::IsObjectPath(input);
  const std::string below = options.layout == "koku" ? "data/parquet" : "data";
  ARROW_ASSIGN_OR_RAISE(const auto found,
                        fs::ListFolder(is_remote ? input : input + "/" + below, access));
  if (found.has_value() || (is_remote && IsBucket(input))) return false;
  return StorageError("input ", input, ": found no ", below, " there; expected a ",
                      "folder with usage reports");
}

}  // namespace windrow::recipe
