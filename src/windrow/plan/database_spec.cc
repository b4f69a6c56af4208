// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/database_spec.h"

#include <algorithm>

#include "windrow/postgres/database_url.h"

namespace windrow::plan {
namespace {

/// Each connection is a process of the server.
constexpr int64_t kMostConnections = 64;

void TakeSecrets(PlacedText& path, std::map<std::string, std::string>& secrets,
                 ProblemList& problems) {
  if (!IsDatabase(path.value)) return;
  auto url = postgres::ReadDatabaseUrl(path.value);
  if (url.ok()) {
    path.value = std::move(url->text);
    // A job whose secrets were taken before keeps them.
    if (!url->secrets.empty()) secrets = std::move(url->secrets);
  } else {
    problems.Add(path.place, url.status().message());
    path.value.clear();
  }
}

template <typename Text>
void CheckAbsent(const std::optional<Text>& value, std::string_view key,
                 std::string_view expected, ProblemList& problems) {
  if (!value.has_value()) return;
  problems.Add(value->place, "found '", key, "'; expected it only with ", expected);
}

}  // namespace

bool IsDatabase(std::string_view path) { return postgres::IsDatabaseUrl(path); }

bool ReadsDatabase(const ScanSpec& scan) {
  return std::any_of(scan.paths.begin(), scan.paths.end(),
                     [](const PlacedText& path) { return IsDatabase(path.value); });
}

void TakeSecrets(JobSpec& job, ProblemList& problems) {
  for (SourceSpec& source : job.sources) {
    auto* scan = std::get_if<ScanSpec>(&source.kind);
    if (scan == nullptr) continue;
    for (PlacedText& path : scan->paths) TakeSecrets(path, scan->secrets, problems);
  }
  for (SinkSpec& sink : job.sinks) {
    auto* write = std::get_if<WriteSpec>(&sink);
    if (write != nullptr) TakeSecrets(write->path, write->secrets, problems);
  }
}

void CheckDatabaseScan(const ScanSpec& scan, Place place, ProblemList& problems) {
  constexpr std::string_view kOnly = "scan: postgresql://...";
  if (!ReadsDatabase(scan)) {
    const bool has_no_path = scan.paths.size() == 1 && scan.paths[0].value.empty();
    if (has_no_path) return;  // a problem of its own
    CheckAbsent(scan.table, "table", kOnly, problems);
    CheckAbsent(scan.query, "query", kOnly, problems);
    return;
  }
  if (scan.paths.size() > 1) {
    problems.Add(scan.paths[1].place, "found ", scan.paths.size(),
                 " paths to scan; expected a single one where it is a database");
  }
  if (scan.format.has_value() || !scan.schema.empty()) {
    problems.Add(place, "found '", scan.format.has_value() ? "format" : "schema",
                 "' for a database; expected it only for files");
  }
  if (scan.table.has_value() == scan.query.has_value()) {
    problems.Add(place, "found ", scan.table.has_value() ? "both" : "neither",
                 " of 'table' and 'query' for a database; expected one of them");
  }
}

void CheckDatabaseSink(const WriteSpec& write, ProblemList& problems) {
  constexpr std::string_view kOnly = "write: postgresql://...";
  if (write.path.value.empty()) return;
  if (!IsDatabase(write.path.value)) {
    CheckAbsent(write.table, "table", kOnly, problems);
    CheckAbsent(write.replace_where, "replace_where", kOnly, problems);
    CheckAbsent(write.parallel, "parallel", kOnly, problems);
    return;
  }
  constexpr std::string_view kFiles = "files";
  CheckAbsent(write.compression, "compression", kFiles, problems);
  CheckAbsent(write.row_group_rows, "row_group_rows", kFiles, problems);
  CheckAbsent(write.group_size, "group_size", kFiles, problems);
  CheckAbsent(write.manifest, "manifest", kFiles, problems);
  const auto refuse = [&](bool is_there, std::string_view key) {
    if (!is_there) return;
    problems.Add(write.path.place, "found '", key,
                 "' for a database; expected it only for files");
  };
  refuse(write.format.has_value(), "format");
  refuse(write.partition_by.has_value(), "partition_by");
  refuse(!write.types.empty(), "types");
  if (!write.table.has_value()) {
    problems.Add(write.path.place, "found no 'table' for a database; expected one");
  }
  if (write.parallel.has_value() &&
      (write.parallel->value < 1 || write.parallel->value > kMostConnections)) {
    problems.Add(write.parallel->place, "found ", write.parallel->value,
                 " for 'parallel'; expected 1 to ", kMostConnections);
  }
}

}  // namespace windrow::plan
