// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/recipes.h"

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/plan/job_spec_writer.h"
#include "windrow/python/background.h"
#include "windrow/python/options.h"
#include "windrow/python/raise.h"
#include "windrow/recipe/enrich.h"
#include "windrow/recipe/pod_usage.h"
#include "windrow/recipe/pod_usage_input.h"
#include "windrow/recipe/pod_usage_reference.h"
#include "windrow/recipe/probe_rows.h"

namespace windrow::python {
namespace {

namespace nb = nanobind;
using namespace nb::literals;
using recipe::EnrichOptions;
using recipe::PodUsageOptions;
using recipe::ProbeRowsOptions;

Job JobOf(Result<plan::JobSpec> job) { return {ValueOrRaise(std::move(job))}; }

/// The results of the job that reads the reference, each as a job of its own.
std::map<std::string, Job> ReferenceJobs(const std::string& url) {
  const plan::JobSpec all = ValueOrRaise(recipe::PodUsageReferenceJob(url));
  std::map<std::string, Job> jobs;
  for (const plan::SinkSpec& sink : all.sinks) {
    const std::string name = std::get<plan::ResultSpec>(sink).name.value;
    plan::JobSpec one = all;
    one.sinks = {sink};
    std::erase_if(one.sources, [&](const plan::SourceSpec& source) {
      return source.name.value != plan::InputOf(sink).value;
    });
    jobs[name] = {std::move(one)};
  }
  return jobs;
}

void CheckInput(const Job& job, const PodUsageOptions& given, const nb::dict& options) {
  const runner::EngineOptions engine = OptionsOf(options);
  InBackground<bool>(
      [spec = job.spec, given, engine](const arrow::StopToken& stop) -> Result<bool> {
        ARROW_ASSIGN_OR_RAISE(const exec::Switches switches, runner::SwitchesOf(engine));
        ARROW_ASSIGN_OR_RAISE(const plan::Access access,
                              runner::AccessOf(engine, switches, stop));
        return recipe::HasPodUsageReports(spec, given, access.objects);
      });
}

}  // namespace

void DefineRecipes(nb::module_& module) {
  nb::class_<Job>(module, "Job").def_prop_ro("text", [](const Job& self) {
    return plan::WriteJobSpec(self.spec);
  });
  nb::class_<EnrichOptions>(module, "EnrichOptions")
      .def(nb::init<>())
      .def_rw("quotes", &EnrichOptions::quotes)
      .def_rw("securities", &EnrichOptions::securities)
      .def_rw("on", &EnrichOptions::on)
      .def_rw("how", &EnrichOptions::how)
      .def_rw("columns", &EnrichOptions::columns)
      .def_rw("spread", &EnrichOptions::spread)
      .def_rw("filter", &EnrichOptions::filter)
      .def_rw("sort_by", &EnrichOptions::sort_by)
      .def_rw("limit", &EnrichOptions::limit)
      .def_rw("output", &EnrichOptions::output);
  nb::class_<ProbeRowsOptions>(module, "ProbeRowsOptions")
      .def(nb::init<>())
      .def_rw("input", &ProbeRowsOptions::input)
      .def_rw("output", &ProbeRowsOptions::output)
      .def_rw("train_ratio", &ProbeRowsOptions::train_ratio)
      .def_rw("split", &ProbeRowsOptions::split)
      .def_rw("max_row_size_mb", &ProbeRowsOptions::max_row_size_mb)
      .def_rw("shards", &ProbeRowsOptions::shards)
      .def_rw("null_src", &ProbeRowsOptions::null_src)
      .def_rw("compression", &ProbeRowsOptions::compression);
  nb::class_<PodUsageOptions>(module, "PodUsageOptions")
      .def(nb::init<>())
      .def_rw("input", &PodUsageOptions::input)
      .def_rw("layout", &PodUsageOptions::layout)
      .def_rw("account", &PodUsageOptions::account)
      .def_rw("source", &PodUsageOptions::source)
      .def_rw("cluster_id", &PodUsageOptions::cluster_id)
      .def_rw("cluster_alias", &PodUsageOptions::cluster_alias)
      .def_rw("report_period_id", &PodUsageOptions::report_period_id)
      .def_rw("start", &PodUsageOptions::start)
      .def_rw("end", &PodUsageOptions::end)
      .def_rw("to", &PodUsageOptions::to)
      .def_rw("parallel", &PodUsageOptions::parallel);
  module.def(
      "enrich_job",
      [](const EnrichOptions& options) { return JobOf(recipe::EnrichJob(options)); },
      "options"_a);
  module.def(
      "probe_rows_job",
      [](const ProbeRowsOptions& options) {
        return JobOf(recipe::ProbeRowsJob(options));
      },
      "options"_a);
  module.def(
      "pod_usage_job",
      [](const PodUsageOptions& options, const std::string& reference) {
        return JobOf(recipe::PodUsageJob(
            options, ValueOrRaise(recipe::ParsePodUsageReference(reference))));
      },
      "options"_a, "reference"_a);
  module.def("pod_usage_reference_jobs", &ReferenceJobs, "url"_a);
  module.def("check_pod_usage_input", &CheckInput, "job"_a, "given"_a, "options"_a);
}

}  // namespace windrow::python
