// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace windrow::exec {
class RunMetrics;
}

namespace windrow::runner {

/// What a run did, in numbers. The JSON keys are the field names; documented as the run
/// report of the command line.
struct RunReport {
  struct Step {
    std::string name;
    std::string kind;
    int64_t rows_in = 0;
    int64_t rows_out = 0;
    double started_seconds = 0;  ///< its first activity, after the run's start
    double wall_seconds = 0;     ///< from the step's first to its last activity
    double cpu_seconds = 0;      ///< on all threads
    int64_t spill_bytes = 0;
    std::optional<int64_t> predicted_rows;
    std::optional<int64_t> predicted_bytes;
    std::map<std::string, int64_t> counts;  ///< the step's own, such as groups
    std::string strategy;
    std::string reason;
  };

  /// The run over time: all lists are as long as `seconds`, after its start.
  struct Timeline {
    std::vector<double> seconds;
    std::vector<int64_t> memory_bytes;  ///< of the process, anonymous and shared
    std::vector<int64_t> budget_bytes;  ///< held of the memory budget
    std::vector<int64_t> spill_bytes;   ///< written so far
    std::vector<double> cpu_seconds;    ///< so far, on all threads
  };

  std::string version;
  std::string job;         ///< name of the document
  std::string started_at;  ///< UTC, ISO 8601
  double wall_seconds = 0;
  double cpu_seconds = 0;
  int64_t peak_memory_bytes = 0;  ///< anonymous and shared, sampled
  int64_t peak_rss_bytes = 0;     ///< with mapped files
  int64_t memory_budget_bytes = 0;
  int slots = 0;
  std::string runner;
  std::map<std::string, int64_t> rows_in;        ///< by source
  std::map<std::string, int64_t> rows_out;       ///< by sink
  std::map<std::string, int64_t> rows_rejected;  ///< by reason
  int64_t bytes_read = 0;
  int64_t bytes_written = 0;
  int64_t bytes_on_wire = 0;
  int64_t spill_bytes = 0;
  std::vector<Step> steps;
  Timeline timeline;
};

/// Fills steps, rows and bytes from what the run measured, which began at `start_nanos`
/// of exec::WallNanos.
void AddSteps(const exec::RunMetrics& metrics, int64_t start_nanos, RunReport* report);

/// One JSON object, indented, with a final newline.
std::string ToJson(const RunReport& report);

}  // namespace windrow::runner
