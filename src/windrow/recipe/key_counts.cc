// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/key_counts.h"

#include <arrow/type.h>

#include <utility>
#include <vector>

#include "windrow/base/json_text.h"
#include "windrow/plan/expression.h"
#include "windrow/plan/job_spec_reader.h"

namespace windrow::recipe {

Result<std::pair<std::string, std::string>> KeyColumnsOf(const std::string& on) {
  const size_t equals = on.find('=');
  if (on.empty() || equals == 0 || equals + 1 == on.size()) {
    return UserError("--on '", on, "': expected LEFT_COLUMN=RIGHT_COLUMN");
  }
  if (equals == std::string::npos) return std::pair(on, on);
  return std::pair(on.substr(0, equals), on.substr(equals + 1));
}

Result<plan::JobSpec> KeyCountsJob(const KeyCountsOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, KeyColumnsOf(options.on));
  std::string sources = "windrow: 1\nsources:\n";
  std::string steps = "steps:\n";
  std::string sinks = "sinks:\n";
  const std::pair<std::string, std::pair<std::string, std::string>> sides[] = {
      {"left", {options.left, columns.first}},
      {"right", {options.right, columns.second}}};
  for (const auto& [side, table] : sides) {
    const auto& [path, column] = table;
    sources += "  " + side + ": {scan: " + JsonText(path) + "}\n";
    steps +=
        "  " + side + "_key: {select: [" + JsonText(column) + "], from: " + side + "}\n";
    steps += "  " + side + "_keys: {aggregate: {by: [" + JsonText(column) +
             "], columns: {rows: count(*)}}, from: " + side + "_key}\n";
    steps += "  " + side + "_sample: {limit: 20000, from: " + side + "}\n";
    for (const char* result : {"_keys", "_sample"}) {
      sinks += "  - {collect: " + side + result + ", from: " + side + result + "}\n";
    }
  }
  return plan::ReadJobSpec(sources + steps + sinks, "load-report", {});
}

Result<plan::JobSpec> CountedJoinJob(const KeyCountsOptions& options,
                                     const arrow::Schema& left,
                                     const arrow::Schema& right) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, KeyColumnsOf(options.on));
  constexpr char kSuffix[] = "__right";
  std::vector<std::string> names = left.field_names();
  for (const std::string& name : right.field_names()) {
    const bool is_taken = left.GetFieldIndex(name) >= 0;
    if (name == columns.first && name == columns.second) continue;
    names.push_back(is_taken ? name + kSuffix : name);
  }
  std::string counts;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string call = "count(" + plan::ToText(*plan::Expr::Column(names[i])) + ")";
    counts += (i == 0 ? "" : ", ") + ("c" + std::to_string(i)) + ": " + JsonText(call);
  }
  const std::string keys = JsonText(columns.first) + ": " + JsonText(columns.second);
  const std::string counted = kCountedStep;
  const std::string text =
      "windrow: 1\nsources:\n  left: {scan: " + JsonText(options.left) +
      "}\n  right: {scan: " + JsonText(options.right) +
      "}\nsteps:\n  joined: {join: {left: left, right: right, on: {" + keys +
      "}, suffix: " + kSuffix + "}}\n  " + counted + ": {aggregate: {by: [], columns: {" +
      counts + "}}}\nsinks:\n  - {collect: " + counted + "}\n";
  return plan::ReadJobSpec(text, "load-report", {});
}

}  // namespace windrow::recipe
