// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/run_job.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <iostream>
#include <map>
#include <optional>

#include "windrow/base/byte_size.h"
#include "windrow/base/text_file.h"
#include "windrow/cli/progress_line.h"
#include "windrow/cli/ray_run.h"
#include "windrow/cli/terminal_text.h"
#include "windrow/fs/atomic_output.h"
#include "windrow/plan/explain.h"
#include "windrow/plan/explain_fragments.h"
#include "windrow/plan/job_spec_reader.h"
#include "windrow/plan/job_spec_writer.h"
#include "windrow/runner/cluster_run.h"
#include "windrow/runner/html_page.h"
#include "windrow/runner/local_runner.h"
#include "windrow/runner/output_lines.h"
#include "windrow/runner/prometheus_text.h"
#include "windrow/runner/report_page.h"
#include "windrow/runner/run_place.h"

namespace windrow::cli {
namespace {

Result<runner::RunOptions> ParseRunOptions(const EngineOptions& options) {
  ARROW_ASSIGN_OR_RAISE(runner::RunOptions run, runner::RunOptionsOf(options));
  const bool is_report = options.report.ends_with(".json") ||
                         options.report.ends_with(".html") || options.report.empty();
  if (!is_report) {
    return UserError("--report ", options.report,
                     ": expected a name ending in .json or .html");
  }
  return run;
}

Status WriteReport(const std::string& path, const runner::RunReport& report) {
  std::ofstream file(path);
  file << (path.ends_with(".html") ? runner::ToHtml(report) : runner::ToJson(report));
  file.close();
  if (!file) return StorageError(path, ": the run report cannot be written");
  return Status::OK();
}

/// The results in memory that outlives the run's budget.
Result<plan::Collected> CopyOf(const plan::Collected& results) {
  plan::Collected copies;
  for (const auto& [name, batches] : results) {
    auto copy = std::make_shared<std::vector<std::shared_ptr<arrow::RecordBatch>>>();
    for (const auto& batch : *batches) {
      ARROW_ASSIGN_OR_RAISE(auto copied,
                            batch->CopyTo(arrow::default_cpu_memory_manager()));
      copy->push_back(std::move(copied));
    }
    copies[name] = std::move(copy);
  }
  return copies;
}

void LogSteps(const runner::RunReport& report) {
  for (const runner::RunReport::Step& step : report.steps) {
    spdlog::debug("{} {}: {} rows in, {} out, {:.3f} s wall, {:.3f} s cpu{}{}", step.kind,
                  step.name, step.rows_in, step.rows_out, step.wall_seconds,
                  step.cpu_seconds, step.strategy.empty() ? "" : "; ", step.strategy);
  }
}

void LogRun(const runner::RunReport& report, const Status& status) {
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  for (const auto& [name, rows] : report.rows_in) rows_in += rows;
  for (const auto& [name, rows] : report.rows_out) rows_out += rows;
  spdlog::info("{} {}: {} rows in, {} out, {:.3f} s wall, {:.3f} s cpu, {} held at most",
               report.job, status.ok() ? "done" : "failed", rows_in, rows_out,
               report.wall_seconds, report.cpu_seconds,
               FormatByteSize(report.peak_memory_bytes));
}

}  // namespace

Status WriteWhole(const std::string& path, const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(const auto file, fs::AtomicOutput::Open(path));
  ARROW_RETURN_NOT_OK(file->stream()->Write(text));
  return file->Commit();
}

Result<plan::JobSpec> LoadJob(const DocumentOptions& options) {
  std::map<std::string, std::string> variables;
  for (const std::string& definition : options.definitions) {
    const size_t equals = definition.find('=');
    if (equals == std::string::npos || equals == 0) {
      return UserError("-D ", definition, ": expected NAME=VALUE");
    }
    variables[definition.substr(0, equals)] = definition.substr(equals + 1);
  }
  const std::optional<std::string> text = ReadTextFile(options.path);
  if (!text.has_value()) {
    return UserError(options.path, ": the job document cannot be read; expected a file");
  }
  return plan::ReadJobSpec(*text, options.path, variables);
}

Status RunJob(const plan::JobSpec& job, const EngineOptions& options,
              const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const runner::RunOptions run, ParseRunOptions(options));
  if (options.print_job) {
    std::cout << plan::WriteJobSpec(job);
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const runner::RunPlace place, runner::PlaceOf(options.on));
  if (place.kind == runner::RunPlace::Kind::kRay) return RunOnRay(job, options, stop);
  if (options.resume) {
    return UserError("--resume: found --on ", options.on,
                     "; expected a Ray cluster: a run in one process starts anew");
  }
  ARROW_ASSIGN_OR_RAISE(const plan::Access access,
                        runner::AccessOf(options, run.switches, stop));
  ARROW_ASSIGN_OR_RAISE(const plan::PreparedJob prepared,
                        plan::PrepareJob(job, run.switches, access));
  if (spdlog::should_log(spdlog::level::debug)) {
    spdlog::debug("plan:\n{}", plan::ExplainText(prepared, run.switches));
  }
  runner::LocalRunner runner(run, stop);
  Status status;
  {
    const ProgressLine progress(options.progress, prepared, runner.metrics());
    status = runner::RunHere(job, prepared, options, stop, &runner);
  }
  const runner::RunReport report = runner.Report(job.document_name);
  LogSteps(report);
  if (!options.report.empty()) {
    const Status written = WriteReport(options.report, report);
    if (status.ok()) status = written;
  }
  if (!options.metrics.empty()) {
    const Status written =
        WriteWhole(options.metrics, runner::ToPrometheus(report, ExitCode(status)));
    if (status.ok()) status = written;
  }
  LogRun(report, status);
  if (!status.ok()) return status;
  for (const std::string& line : runner::OutputLines(runner, report)) {
    std::cout << line << '\n';
  }
  return Status::OK();
}

Result<plan::Collected> CollectJob(const plan::JobSpec& job, const EngineOptions& options,
                                   const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const runner::RunOptions run, ParseRunOptions(options));
  ARROW_ASSIGN_OR_RAISE(const plan::Access access,
                        runner::AccessOf(options, run.switches, stop));
  ARROW_ASSIGN_OR_RAISE(const plan::PreparedJob prepared,
                        plan::PrepareJob(job, run.switches, access));
  // Results come back to this process, so they are made in it.
  runner::LocalRunner runner(run, stop);
  ARROW_RETURN_NOT_OK(runner.Run(prepared));
  return CopyOf(runner.collected());
}

Result<fs::ObjectAccess> ObjectAccessOf(const EngineOptions& options,
                                        const arrow::StopToken& stop) {
  ARROW_ASSIGN_OR_RAISE(const exec::Switches switches, runner::SwitchesOf(options));
  return runner::ObjectAccessOf(options, switches, stop);
}

Status ExplainJob(const plan::JobSpec& job, const EngineOptions& options,
                  const ExplainOptions& explain, const arrow::StopToken& stop) {
  if (explain.as_json && (explain.nodes > 1 || !explain.html.empty())) {
    return UserError("--json: found --", explain.nodes > 1 ? "nodes" : "html",
                     " as well; expected one of them");
  }
  ARROW_ASSIGN_OR_RAISE(const runner::RunOptions run, ParseRunOptions(options));
  ARROW_ASSIGN_OR_RAISE(const plan::Access access,
                        runner::AccessOf(options, run.switches, stop));
  ARROW_ASSIGN_OR_RAISE(const plan::PreparedJob prepared,
                        plan::PrepareJob(job, run.switches, access));
  if (explain.as_json) {
    std::cout << plan::ExplainJson(prepared, run.switches);
    return Status::OK();
  }
  std::string text = plan::ExplainText(prepared, run.switches);
  if (explain.nodes > 1) {
    const int slots = run.slots > 0 ? run.slots : 1;
    const plan::ClusterShape shape{explain.nodes, explain.nodes * slots};
    ARROW_ASSIGN_OR_RAISE(const std::string fragments,
                          plan::ExplainFragments(prepared, shape, run.switches));
    text += fragments;
  }
  if (!explain.html.empty()) {
    const std::string title = "Plan of " + job.document_name;
    const std::string name = runner::EscapeHtml(title);
    return WriteWhole(explain.html,
                      runner::HtmlPage(title, "<h1>" + name + "</h1>\n<pre>" +
                                                  runner::EscapeHtml(text) + "</pre>\n"));
  }
  std::cout << (MayColour(1) ? ColourTree(text) : text);
  return Status::OK();
}

}  // namespace windrow::cli
