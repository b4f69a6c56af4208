// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/prepare.h"

#include "windrow/plan/rewrite.h"

namespace windrow::plan {

Result<PreparedJob> PrepareJob(const JobSpec& job, const exec::Switches& switches) {
  PreparedJob prepared;
  auto open = [&](const SourceSpec& source) -> Result<std::shared_ptr<exec::Table>> {
    Result<std::shared_ptr<exec::Table>> table = OpenTable(source);
    if (!table.ok()) {
      return At(FormatPlace(job.document_name, source.name.place), table.status());
    }
    prepared.tables[source.name.value] = *table;
    return table;
  };
  ARROW_ASSIGN_OR_RAISE(prepared.plans, BindJob(job, open));
  for (LogicalPlan& plan : prepared.plans) {
    ARROW_ASSIGN_OR_RAISE(plan.root, RewritePlan(plan.root, switches.push_filters));
  }
  return prepared;
}

}  // namespace windrow::plan
