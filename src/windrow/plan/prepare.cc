// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/prepare.h"

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <variant>

#include "windrow/plan/rewrite.h"

namespace windrow::plan {
namespace {

/// The document's check saw different paths; links and dots may still lead to one file,
/// which would hold whichever sink was published last.
Status CheckOutputsDiffer(const JobSpec& job) {
  std::map<std::string, std::string> written;
  for (const SinkSpec& sink : job.sinks) {
    const auto* write = std::get_if<WriteSpec>(&sink);
    if (write == nullptr) continue;
    const PlacedText& path = write->path;
    std::error_code error;
    const auto file = std::filesystem::weakly_canonical(
        std::filesystem::absolute(path.value, error), error);
    if (error || std::filesystem::is_other(file, error)) continue;
    const auto [first, is_new] = written.emplace(file.string(), path.value);
    if (!is_new) {
      return UserError(FormatPlace(job.document_name, path.place), ": found a sink that ",
                       "writes '", path.value, "', the same file as '", first->second,
                       "'; expected one sink for each file");
    }
  }
  return Status::OK();
}

}  // namespace

Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches) {
  ARROW_RETURN_NOT_OK(CheckOutputsDiffer(job));
  PreparedJob prepared;
  auto open = [&](const SourceSpec& source) -> Result<std::shared_ptr<exec::Table>> {
    Result<std::shared_ptr<exec::Table>> table = OpenTable(source);
    if (!table.ok()) {
      return At(FormatPlace(job.document_name, source.name.place), table.status());
    }
    prepared.tables[source.name.value] = *table;
    return table;
  };
  ARROW_ASSIGN_OR_RAISE(prepared.plans, BindJob(job, open));
  for (LogicalPlan& plan : prepared.plans) {
    ARROW_ASSIGN_OR_RAISE(plan.root, RewritePlan(plan.root, switches.push_filters));
  }
  return prepared;
}

}  // namespace windrow::plan
