// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/scan_path.h"

#include <arrow/type.h>

#include "windrow/column/measurement_columns.h"

namespace windrow::plan {
namespace {

void NoteRead(const Expr& expr, ScanPath* path) {
  for (const std::string& name : ColumnNames(expr)) {
    const auto column = path->names.find(name);
    if (column != path->names.end()) path->read.insert(column->second);
  }
}

void Project(const ProjectNode& project, ScanPath* path) {
  std::map<std::string, std::string> names;
  for (const auto& [name, expression] : project.columns) {
    if (expression->kind() != ExprKind::kColumn) {
      NoteRead(*expression, path);
      continue;
    }
    const auto column = path->names.find(expression->name());
    if (column != path->names.end()) names[name] = column->second;
  }
  path->names = std::move(names);
}

/// Addresses stay as they are, unless null becomes a text, which has another place in the
/// order; other columns may change their type.
void KeepTexts(const ProbeMeasurementsNode& measurements, ScanPath* path) {
  const bool keeps_sources = measurements.null_source != NullSource::kEmpty;
  std::erase_if(path->names, [&](const auto& name) {
    return name.first != column::MeasurementColumnName(column::kDstAddr) &&
           !(keeps_sources &&
             name.first == column::MeasurementColumnName(column::kSrcAddr));
  });
  path->drops_rows |= measurements.null_source == NullSource::kDrop;
}

}  // namespace

std::optional<ScanPath> ScanPathOf(const NodePtr& node) {
  if (const auto* scan = node->As<ScanNode>()) {
    ScanPath path;
    path.source = node->step;
    path.scan = scan;
    for (const std::string& name : node->schema->field_names()) path.names[name] = name;
    return path;
  }
  if (const auto* filter = node->As<FilterNode>()) {
    std::optional<ScanPath> path = ScanPathOf(filter->input);
    if (!path.has_value()) return path;
    NoteRead(*filter->predicate, &*path);
    path->drops_rows = true;
    return path;
  }
  if (const auto* measurements = node->As<ProbeMeasurementsNode>()) {
    std::optional<ScanPath> path = ScanPathOf(measurements->input);
    if (path.has_value()) KeepTexts(*measurements, &*path);
    return path;
  }
  if (const auto* project = node->As<ProjectNode>()) {
    std::optional<ScanPath> path = ScanPathOf(project->input);
    if (path.has_value()) Project(*project, &*path);
    return path;
  }
  return std::nullopt;
}

}  // namespace windrow::plan
