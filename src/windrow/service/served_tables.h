// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/exec/table.h"
#include "windrow/fs/object_store.h"

namespace windrow::service {

/// A table under the name that clients know it by.
struct ServedTable {
  std::string name;
  std::shared_ptr<exec::Table> table;
  /// Of the files' sizes and ends: the same for copies, another when they were changed.
  std::string snapshot;

  /// UserError with the near name when it has no column of that name.
  Status CheckColumn(const std::string& column) const;
};

/// What a server serves, and nothing else. Immutable and thread-safe.
class ServedTables {
 public:
  /// Opens each "NAME=PATH", where PATH is a file, a folder or a glob. UserError for a
  /// name twice, empty, or with '/'; otherwise the errors of opening files.
  static Result<ServedTables> Open(const std::vector<std::string>& assignments,
                                   const fs::ObjectAccess& access);

  /// UserError with the near name when there is none of that name.
  Result<const ServedTable*> Find(std::string_view name) const;
  const std::map<std::string, ServedTable, std::less<>>& all() const { return tables_; }

 private:
  std::map<std::string, ServedTable, std::less<>> tables_;
};

}  // namespace windrow::service
