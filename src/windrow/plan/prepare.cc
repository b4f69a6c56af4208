// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/prepare.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <variant>

#include "windrow/fs/object_listing.h"
#include "windrow/plan/database_spec.h"
#include "windrow/plan/job_spec_writer.h"
#include "windrow/plan/kept_steps.h"
#include "windrow/plan/open_files.h"
#include "windrow/plan/open_servers.h"
#include "windrow/plan/partition_files.h"
#include "windrow/plan/rewrite.h"

namespace windrow::plan {
namespace {

/// The document's check saw different paths; links and dots may still lead to one file,
/// which would hold whichever sink was published last.
Status CheckOutputsDiffer(const JobSpec& job) {
  std::map<std::string, std::string> written;
  for (const SinkSpec& sink : job.sinks) {
    const auto* write = std::get_if<WriteSpec>(&sink);
    if (write == nullptr || IsDatabase(write->path.value)) continue;
    for (const std::string& path : FilesOf(*write)) {
      std::error_code error;
      const auto file = std::filesystem::weakly_canonical(
          std::filesystem::absolute(path, error), error);
      if (error || std::filesystem::is_other(file, error)) continue;
      const auto [first, is_new] = written.emplace(file.string(), path);
      if (is_new) continue;
      return UserError(FormatPlace(job.document_name, write->path.place),
                       ": found a sink that writes '", path, "', the same file as '",
                       first->second, "'; expected one sink for each file");
    }
  }
  return Status::OK();
}

bool HasManifest(const JobSpec& job) {
  return std::any_of(job.sinks.begin(), job.sinks.end(), [](const SinkSpec& sink) {
    const auto* write = std::get_if<WriteSpec>(&sink);
    return write != nullptr && write->manifest.has_value();
  });
}

/// Before anything runs, so that a job does not end hours later at its last step.
Status CheckDatabaseTargets(const JobSpec& job, const PreparedJob& prepared) {
  for (const LogicalPlan& plan : prepared.plans) {
    const auto* write = std::get_if<WriteSpec>(&*plan.sink);
    if (write == nullptr || !IsDatabase(write->path.value)) continue;
    ARROW_RETURN_NOT_OK(
        At(FormatPlace(job.document_name, write->path.place),
           CheckDatabaseTarget(*write, *plan.root->schema, prepared.databases)));
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<InputFile>> ListInputs(const JobSpec& job, const OpenTables& opened,
                                          const fs::ObjectAccess& access) {
  std::vector<InputFile> inputs;
  for (const SourceSpec& source : job.sources) {
    const auto* scan = std::get_if<ScanSpec>(&source.kind);
    const bool is_read = scan != nullptr && opened.contains(source.name.value);
    if (!is_read || ReadsDatabase(*scan) || ReadsServer(*scan)) continue;
    std::vector<std::string> patterns;
    for (const PlacedText& path : scan->paths) patterns.push_back(path.value);
    ARROW_ASSIGN_OR_RAISE(const auto listed,
                          fs::ListFiles(patterns, access, scan->allow_empty));
    for (const auto& files : listed) {
      for (const fs::FileEntry& file : files) {
        inputs.push_back({file.path, source.name.value, file.size_bytes});
      }
    }
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches,
                               const Access& access) {
  ARROW_RETURN_NOT_OK(CheckOutputsDiffer(job));
  PreparedJob prepared;
  prepared.document = WriteJobSpec(job);
  prepared.databases = MakeDatabases(switches, access.objects.stop);
  auto open = [&](const SourceSpec& source) -> Result<std::shared_ptr<exec::Table>> {
    const auto opened = access.opened.find(source.name.value);
    const auto* scan = std::get_if<ScanSpec>(&source.kind);
    if (opened != access.opened.end() || (scan != nullptr && ReadsDatabase(*scan))) {
      prepared.local_sources.insert(source.name.value);
    }
    if (opened != access.opened.end()) {
      return prepared.tables[source.name.value] = opened->second;
    }
    Result<std::shared_ptr<exec::Table>> table =
        OpenTable(source, prepared.databases, access.objects, access.servers);
    if (!table.ok()) {
      return At(FormatPlace(job.document_name, source.name.place), table.status());
    }
    prepared.tables[source.name.value] = *table;
    return table;
  };
  ARROW_ASSIGN_OR_RAISE(prepared.plans, BindJob(job, open));
  ARROW_RETURN_NOT_OK(CheckDatabaseTargets(job, prepared));
  if (HasManifest(job)) {
    ARROW_ASSIGN_OR_RAISE(prepared.inputs,
                          ListInputs(job, prepared.tables, access.objects));
  }
  const KeptTableOpener open_kept = [&](const std::string& step, auto schema) {
    return prepared.tables[step] = OpenKeptTable(std::move(schema));
  };
  ARROW_ASSIGN_OR_RAISE(prepared.plans, KeepSharedSteps(prepared.plans, open_kept));
  for (LogicalPlan& plan : prepared.plans) {
    ARROW_ASSIGN_OR_RAISE(plan.root, RewritePlan(plan.root, switches.push_filters));
  }
  return prepared;
}

}  // namespace windrow::plan
