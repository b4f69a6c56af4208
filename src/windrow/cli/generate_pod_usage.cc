// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/generate_pod_usage.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <variant>

#include "windrow/cli/run_job.h"

namespace windrow::cli {
namespace {

namespace fs = std::filesystem;

Status MakeFolders(const plan::JobSpec& job) {
  for (const plan::SinkSpec& sink : job.sinks) {
    const fs::path folder =
        fs::path(std::get<plan::WriteSpec>(sink).path.value).parent_path();
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return StorageError(folder.string(), ": cannot be made: ", error.message());
    }
  }
  return Status::OK();
}

Status WriteText(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return StorageError(path.string(), ": cannot be written");
  return Status::OK();
}

}  // namespace

Status GeneratePodUsage(const recipe::PodUsageDataOptions& options,
                        const EngineOptions& engine, const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const recipe::PodUsageData data,
                        recipe::MakePodUsageData(options));
  if (engine.print_job) return RunJob(data.job, engine, stop);
  const fs::path output = options.output;
  std::error_code ignored;
  const bool existed = fs::exists(output, ignored);
  if (existed && !fs::is_empty(output, ignored)) {
    return UserError(options.output, ": expected an empty folder, or none yet");
  }
  Status status = MakeFolders(data.job);
  if (status.ok()) status = RunJob(data.job, engine, stop);
  if (status.ok()) status = WriteText(output / "reference.json", data.reference);
  if (!status.ok()) {
    fs::remove_all(output / "data", ignored);
    fs::remove(output / "reference.json", ignored);
    if (!existed) fs::remove(output, ignored);
  }
  return status;
}

}  // namespace windrow::cli
