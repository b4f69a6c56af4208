// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/job_request.h"

#include <nanobind/stl/string.h>

#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/open_files.h"
#include "windrow/python/background.h"
#include "windrow/python/options.h"
#include "windrow/python/python_stream.h"
#include "windrow/python/raise.h"
#include "windrow/python/result_table.h"

namespace windrow::python {

namespace nb = nanobind;

JobRequest RequestOf(const Job& job, const nb::dict& options) {
  JobRequest request;
  request.job = job.spec;
  request.options = OptionsOf(options);
  request.failure = std::make_shared<StreamFailure>();
  return request;
}

JobRequest RequestOf(const std::string& document, const std::string& name,
                     const Variables& variables, const nb::dict& inputs,
                     const nb::dict& options) {
  JobRequest request =
      RequestOf(Job{ValueOrRaise(plan::ReadJobSpec(document, name, variables))}, options);
  for (const auto& [key, value] : inputs) {
    auto& table = request.inputs[nb::cast<std::string>(key)];
    if (nb::isinstance<ResultTable>(value)) {
      const auto& rows = nb::cast<const ResultTable&>(value);
      table = plan::OpenBatches(rows.schema(), rows.batches());
    } else if (nb::isinstance<PythonStream>(value)) {
      table = nb::cast<const PythonStream&>(value).OpenTable(request.failure);
    } else {
      table = plan::OpenBatches(nb::cast<const Schema&>(value).schema, {});
    }
  }
  return request;
}

plan::PreparedJob Prepared(const JobRequest& request) {
  const exec::Switches switches = ValueOrRaise(runner::SwitchesOf(request.options));
  return InBackground<plan::PreparedJob>(
      [request, switches](const arrow::StopToken& stop) -> Result<plan::PreparedJob> {
        ARROW_ASSIGN_OR_RAISE(plan::Access access,
                              runner::AccessOf(request.options, switches, stop));
        access.opened = request.inputs;
        return plan::PrepareJob(request.job, switches, access);
      });
}

}  // namespace windrow::python
