// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/pod_usage_command.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <vector>

#include "windrow/base/text_file.h"
#include "windrow/cli/run_job.h"
#include "windrow/plan/database_spec.h"
#include "windrow/recipe/pod_usage_input.h"
#include "windrow/recipe/pod_usage_reference.h"
#include "windrow/runner/local_runner.h"

namespace windrow::cli {
namespace {

using recipe::PodUsageReference;
using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

Result<PodUsageReference> ReadReferenceFile(const std::string& path) {
  const std::optional<std::string> text = ReadTextFile(path);
  if (!text.has_value()) {
    return UserError("--reference ", path, ": cannot be read; expected a JSON file");
  }
  Result<PodUsageReference> reference = recipe::ParsePodUsageReference(*text);
  if (!reference.ok()) return At(path, reference.status());
  return reference;
}

std::optional<std::string> TextAt(const arrow::RecordBatch& batch, int column,
                                  int64_t row) {
  const auto& values = static_cast<const arrow::StringArray&>(*batch.column(column));
  if (values.IsNull(row)) return std::nullopt;
  return values.GetString(row);
}

/// Calls `add` with each row of a result.
template <typename Add>
void ForEachRow(const Batches& batches, Add add) {
  for (const auto& batch : batches) {
    for (int64_t row = 0; row < batch->num_rows(); ++row) add(*batch, row);
  }
}

Result<PodUsageReference> ReadReferenceTables(const std::string& url,
                                              const EngineOptions& engine,
                                              const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job, recipe::PodUsageReferenceJob(url));
  ARROW_ASSIGN_OR_RAISE(const plan::Collected tables, CollectJob(job, engine, stop));
  PodUsageReference reference;
  ForEachRow(*tables.at("keys"), [&](const arrow::RecordBatch& batch, int64_t row) {
    if (auto key = TextAt(batch, 0, row)) reference.enabled_keys.push_back(*key);
  });
  ForEachRow(*tables.at("categories"), [&](const arrow::RecordBatch& batch, int64_t row) {
    const auto& ids = static_cast<const arrow::Int32Array&>(*batch.column(1));
    std::optional<int32_t> id;
    if (ids.IsValid(row)) id = ids.Value(row);
    reference.categories.push_back({TextAt(batch, 0, row), id});
  });
  ForEachRow(*tables.at("nodes"), [&](const arrow::RecordBatch& batch, int64_t row) {
    reference.nodes.push_back(
        {TextAt(batch, 0, row), TextAt(batch, 1, row), TextAt(batch, 2, row)});
  });
  return reference;
}

}  // namespace

Status RunPodUsage(const PodUsageCommand& command, const EngineOptions& engine,
                   const arrow::StopToken& stop) {
  Result<PodUsageReference> reference =
      plan::IsDatabase(command.reference)
          ? ReadReferenceTables(command.reference, engine, stop)
          : ReadReferenceFile(command.reference);
  ARROW_RETURN_NOT_OK(reference.status());
  ARROW_ASSIGN_OR_RAISE(const plan::JobSpec job,
                        recipe::PodUsageJob(command.recipe, *reference));
  if (!engine.print_job) {
    ARROW_ASSIGN_OR_RAISE(const fs::ObjectAccess access, ObjectAccessOf(engine, stop));
    ARROW_ASSIGN_OR_RAISE(const bool has_reports,
                          recipe::HasPodUsageReports(job, command.recipe, access));
    if (!has_reports) {
      spdlog::warn("{}: no usage reports of this source and month", command.recipe.input);
    }
  }
  return RunJob(job, engine, stop);
}

}  // namespace windrow::cli
