// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/scan_path.h"

#include <arrow/type.h>

#include "windrow/column/measurement_columns.h"

namespace windrow::plan {
namespace {

/// The column of the scan that an output column is, or is computed from alone; null when
/// it is neither.
const std::string* Origin(const ScanPath& path, const std::string& output) {
  for (const auto* columns : {&path.names, &path.computed}) {
    const auto column = columns->find(output);
    if (column != columns->end()) return &column->second;
  }
  return nullptr;
}

void NoteRead(const Expr& expr, ScanPath* path) {
  for (const std::string& name : ColumnNames(expr)) {
    const std::string* column = Origin(*path, name);
    if (column != nullptr) path->read.insert(*column);
  }
}

void Project(const ProjectNode& project, ScanPath* path) {
  std::map<std::string, std::string> names;
  std::map<std::string, std::string> computed;
  for (const auto& [name, expression] : project.columns) {
    if (expression->kind() == ExprKind::kColumn) {
      const auto column = path->names.find(expression->name());
      if (column != path->names.end()) names[name] = column->second;
      const auto before = path->computed.find(expression->name());
      if (before != path->computed.end()) computed[name] = before->second;
      continue;
    }
    const auto inputs = ColumnNames(*expression);
    const std::string* alone =
        inputs.size() == 1 ? Origin(*path, *inputs.begin()) : nullptr;
    if (alone != nullptr) {
      computed[name] = *alone;
    } else {
      NoteRead(*expression, path);
    }
  }
  path->names = std::move(names);
  path->computed = std::move(computed);
}

/// Addresses stay as they are, unless null becomes a text, which has another place in the
/// order; other columns may change their type.
void KeepTexts(const ProbeMeasurementsNode& measurements, ScanPath* path) {
  const bool keeps_sources = measurements.null_source != NullSource::kEmpty;
  for (const auto& [output, column] : path->computed) path->read.insert(column);
  path->computed.clear();
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
  if (const auto* numbers = node->As<NumberRowsNode>()) return ScanPathOf(numbers->input);
  if (const auto* project = node->As<ProjectNode>()) {
    std::optional<ScanPath> path = ScanPathOf(project->input);
    if (path.has_value()) Project(*project, &*path);
    return path;
  }
  return std::nullopt;
}

}  // namespace windrow::plan
