// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windrow/plan/fragment.h"
#include "windrow/plan/instantiate.h"
#include "windrow/plan/job_spec.h"

// Fragments and their tasks as JSON, for a process on another node. Expressions are SQL,
// schemas Arrow IPC in base 64, sources the job document. A document names the version
// that wrote it, and only the same version reads it: all nodes of a run have one.
namespace windrow::plan {

inline constexpr int kFragmentVersion = 1;

/// `job` is the document of the whole job, of which the fragment's sources are read.
std::string WriteFragment(const Fragment& fragment, const std::string& job);
std::string WriteTask(const Fragment& fragment, size_t task);
std::string WriteTaskResult(const TaskResult& result);

/// A task's own part of a fragment.
struct TaskDocument {
  int fragment = 0;
  int task = 0;
  std::optional<ScanSplit> split;
  int64_t first_row = 0;
  /// The scans that read pieces, and how many each reads, in the order in which the
  /// pieces are handed to the task.
  std::vector<std::pair<std::string, size_t>> inputs;
};

/// InternalError for what WriteTask and WriteTaskResult did not write.
Result<TaskDocument> ReadTask(std::string_view document);
Result<TaskResult> ReadTaskResult(std::string_view document);

/// What must be known of a fragment to open what it reads.
struct FragmentDocument {
  std::string job;
  std::vector<std::string> sources;
  std::map<std::string, std::shared_ptr<arrow::Schema>> inputs;
};
Result<FragmentDocument> ReadFragment(std::string_view document);

/// The fragment's plan over opened tables: its sources, and its inputs.
Result<LogicalPlan> ReadFragmentPlan(std::string_view document, const TaskDocument& task,
                                     const OpenTables& tables);

}  // namespace windrow::plan
