// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/late_scan.h"

#include <arrow/type.h>

namespace windrow::plan {

std::optional<LateScan> AsLateScan(const NodePtr& node) {
  if (const auto* scan = node->As<ScanNode>()) {
    if (!scan->table->is_repeatable()) return std::nullopt;
    LateScan late{node->step, scan, {}, {}};
    for (const std::string& name : node->schema->field_names()) late.names[name] = name;
    return late;
  }
  if (const auto* filter = node->As<FilterNode>()) {
    std::optional<LateScan> late = AsLateScan(filter->input);
    if (!late.has_value()) return late;
    std::map<std::string, ExprPtr> columns;
    for (const auto& [output, column] : late->names)
      columns[output] = Expr::Column(column);
    late->filters.push_back(Substitute(filter->predicate, columns));
    return late;
  }
  if (const auto* project = node->As<ProjectNode>()) {
    std::optional<LateScan> late = AsLateScan(project->input);
    if (!late.has_value()) return late;
    std::map<std::string, std::string> names;
    for (const auto& [name, expression] : project->columns) {
      if (expression->kind() != ExprKind::kColumn) return std::nullopt;
      names[name] = late->names.at(expression->name());
    }
    late->names = std::move(names);
    return late;
  }
  return std::nullopt;
}

}  // namespace windrow::plan
