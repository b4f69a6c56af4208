// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/column/sql_type.h"
#include "windrow/plan/job_spec.h"
#include "windrow/plan/problem_list.h"
#include "windrow/plan/yaml_tree.h"

namespace windrow::plan {

/// Reads {COLUMN: TYPE, ...}, the value of the key `what`. What is no text is a
/// problem.
std::vector<ColumnType> ReadColumnTypes(const YamlNode& node, std::string_view what,
                                        ProblemList& problems);

/// The type a scan declares a column to have; nothing for "any", the files' own. A
/// UserError says what is wrong with `text`.
Result<std::optional<column::SqlType>> ReadDeclaredType(const std::string& text);

/// Adds what is wrong with the types that a scan declares.
void CheckDeclaredTypes(const ScanSpec& scan, ProblemList& problems);

/// Adds what is wrong with the types that a sink stores columns as.
void CheckStoredTypes(const WriteSpec& write, ProblemList& problems);

/// The columns whose stored text is JSON, or a number.
std::vector<std::string> JsonColumnsOf(const std::vector<ColumnType>& types);

}  // namespace windrow::plan
