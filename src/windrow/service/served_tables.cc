// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/served_tables.h"

#include <arrow/type.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "windrow/base/near_name.h"
#include "windrow/fs/object_listing.h"
#include "windrow/plan/open_files.h"

namespace windrow::service {
namespace {

constexpr int64_t kEndBytes = 64 << 10;

/// The last bytes of a local file, where Parquet and IPC files describe themselves.
std::string EndOf(const fs::FileEntry& file) {
  std::ifstream stream(file.path, std::ios::binary);
  stream.seekg(std::max<int64_t>(0, file.size_bytes - kEndBytes));
  std::ostringstream end;
  end << stream.rdbuf();
  return end.str();
}

/// Equal for copies of the same files, wherever they lie.
Result<std::string> SnapshotOf(const std::string& pattern,
                               const fs::ObjectAccess& access) {
  ARROW_ASSIGN_OR_RAISE(const auto listed,
                        fs::ListFiles(std::vector<std::string>{pattern}, access));
  std::string content;
  for (const fs::FileEntry& file : listed[0]) {
    content += std::to_string(file.size_bytes) + ' ';
    content +=
        fs::IsObjectPath(file.path) ? std::to_string(file.changed_at) : EndOf(file);
  }
  return std::to_string(std::hash<std::string>()(content));
}

}  // namespace

Status ServedTable::CheckColumn(const std::string& column) const {
  const arrow::Schema& schema = *table->schema();
  if (schema.GetFieldIndex(column) >= 0) return Status::OK();
  return UserError("table ", name, ": found no column '", column, "'",
                   DidYouMean(column, schema.field_names()));
}

Result<ServedTables> ServedTables::Open(const std::vector<std::string>& assignments,
                                        const fs::ObjectAccess& access) {
  ServedTables served;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    if (equals == std::string::npos || name.empty() || equals + 1 == assignment.size() ||
        name.find('/') != std::string::npos) {
      return UserError("serve ", assignment,
                       ": expected NAME=PATH, with no '/' in the name");
    }
    if (served.tables_.contains(name)) {
      return UserError("serve ", assignment, ": found the name '", name,
                       "' twice; expected each name once");
    }
    const std::string path = assignment.substr(equals + 1);
    plan::SourceSpec source{name, plan::ScanSpec{{path}, std::nullopt}};
    ARROW_ASSIGN_OR_RAISE(auto table, plan::OpenTable(source, {}, access, {}));
    ARROW_ASSIGN_OR_RAISE(auto snapshot, SnapshotOf(path, access));
    served.tables_[name] = {name, std::move(table), std::move(snapshot)};
  }
  return served;
}

Result<const ServedTable*> ServedTables::Find(std::string_view name) const {
  const auto found = tables_.find(name);
  if (found != tables_.end()) return &found->second;
  std::vector<std::string> names;
  for (const auto& [known, table] : tables_) names.push_back(known);
  return UserError("found no table '", name, "' here",
                   DidYouMean(std::string(name), names));
}

}  // namespace windrow::service
