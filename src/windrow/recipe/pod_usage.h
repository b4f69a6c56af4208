// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "windrow/base/status.h"
#include "windrow/plan/job_spec.h"
#include "windrow/recipe/pod_usage_reference.h"

namespace windrow::recipe {

/// OpenShift usage reports to rows of a daily summary. The fields are the command's
/// options.
struct PodUsageOptions {
  std::string input;            ///< folder or s3://BUCKET/PREFIX
  std::string layout = "koku";  ///< koku or hourly
  std::string account;
  std::string source;  ///< UUID of the reports' source
  std::string cluster_id;
  std::string cluster_alias;
  int32_t report_period_id = 0;
  std::string start;                ///< first day, YYYY-MM-DD; its month is read
  std::string end;                  ///< last day, in the same month
  std::string to;                   ///< OUT.parquet, OUT.ndjson or postgresql://…
  std::optional<int64_t> parallel;  ///< connections that write to PostgreSQL
};

/// The job document. UserError names the option that is missing or out of range.
Result<plan::JobSpec> PodUsageJob(const PodUsageOptions& options,
                                  const PodUsageReference& reference);

/// The job that reads the reference from a PostgreSQL database, into results with the
/// names of its tables.
Result<plan::JobSpec> PodUsageReferenceJob(const std::string& url);

}  // namespace windrow::recipe
