// SPDX-License-Identifier: Apache-2.0
#include "windrow/recipe/generate.h"

#include "windrow/plan/job_spec_check.h"

namespace windrow::recipe {

Result<plan::JobSpec> GenerateJob(const GenerateJobOptions& options) {
  plan::JobSpec job;
  job.document_name = "generate";
  plan::GenerateSpec generate;
  generate.dataset = options.dataset;
  generate.rows = options.rows;
  generate.seed = options.seed;
  for (const auto& [name, value] : options.options) generate.options[name] = value;
  job.sources.push_back({options.dataset, std::move(generate)});
  plan::WriteSpec write;
  write.path = options.output;
  write.from = options.dataset;
  if (!options.compression.empty())
    write.compression = plan::PlacedText(options.compression);
  job.sinks.push_back(std::move(write));
  ARROW_RETURN_NOT_OK(plan::CompleteJobSpec(job));
  return job;
}

}  // namespace windrow::recipe
