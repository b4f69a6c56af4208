// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/cluster_run.h"

#include <arrow/buffer.h>

#include <deque>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

#include "windrow/base/version.h"
#include "windrow/plan/fragment_document.h"
#include "windrow/plan/job_spec_writer.h"
#include "windrow/plan/open_files.h"
#include "windrow/runner/run_place.h"
#include "windrow/runner/step_counts.h"
#include "windrow/runner/task_run.h"

namespace windrow::runner {
namespace {

/// The job for processes that work in other folders.
plan::JobSpec WithAbsolutePaths(plan::JobSpec job) {
  for (plan::SourceSpec& source : job.sources) {
    auto* scan = std::get_if<plan::ScanSpec>(&source.kind);
    if (scan == nullptr) continue;
    for (plan::PlacedText& path : scan->paths) {
      if (path.value.find(':') != std::string::npos || path.value.starts_with('/')) {
        continue;
      }
      std::error_code error;
      path.value =
          (std::filesystem::current_path(error) / path.value).lexically_normal().string();
    }
  }
  return job;
}

/// What runs the tasks of a job in this process.
class TasksHere {
 public:
  TasksHere(const plan::PreparedJob& prepared, const EngineOptions& options,
            const arrow::StopToken& stop)
      : prepared_(prepared), options_(options), stop_(stop) {}

  Result<std::string> Run(const ClusterRun::Started& started, size_t index) {
    const plan::FragmentTask& task = started.fragment.tasks[index];
    std::vector<std::shared_ptr<arrow::Buffer>> pieces;
    for (const plan::PieceInput& input : task.inputs) {
      for (const plan::Piece& piece : input.pieces) pieces.push_back(Get(piece));
    }
    plan::OpenTables local;
    for (const std::string& source : started.fragment.sources) {
      if (prepared_.local_sources.contains(source)) {
        local[source] = prepared_.tables.at(source);
      }
    }
    auto run = std::make_shared<TaskRun>(started.document,
                                         plan::WriteTask(started.fragment, index),
                                         std::move(pieces), options_, std::move(local));
    ARROW_RETURN_NOT_OK(run->Run(stop_));
    const int id = started.fragment.id;
    const auto& made = run->rows().pieces;
    for (size_t p = 0; p < made.size(); ++p) {
      pieces_[{id, static_cast<int>(index), static_cast<int>(p)}] = {run, made[p].stream};
    }
    return run->result();
  }

  std::shared_ptr<arrow::Buffer> Get(const plan::Piece& piece) const {
    return pieces_.at(piece).stream;
  }
  void Drop(const plan::Piece& piece) { pieces_.erase(piece); }

 private:
  struct Held {
    std::shared_ptr<TaskRun> run;  ///< whose memory it is
    std::shared_ptr<arrow::Buffer> stream;
  };

  const plan::PreparedJob& prepared_;
  const EngineOptions& options_;
  const arrow::StopToken stop_;
  std::map<plan::Piece, Held> pieces_;
};

}  // namespace

ClusterRun::ClusterRun(const plan::JobSpec& job, const plan::PreparedJob& prepared,
                       const plan::ClusterShape& shape, const exec::Switches& switches,
                       LocalRunner* runner)
    : prepared_(prepared),
      document_(plan::WriteJobSpec(WithAbsolutePaths(job))),
      planner_(prepared, shape, switches),
      runner_(runner) {
  runner->Begin();
}

Result<std::vector<ClusterRun::Started>> ClusterRun::Next(
    const std::vector<std::string>& results) {
  std::vector<plan::TaskResult> ended;
  for (const std::string& text : results) {
    ARROW_ASSIGN_OR_RAISE(ended.emplace_back(), plan::ReadTaskResult(text));
    ARROW_RETURN_NOT_OK(AddStepCounts(ended.back().steps, runner_->mutable_metrics()));
  }
  ARROW_ASSIGN_OR_RAISE(auto fragments, planner_.Next(ended));
  std::vector<Started> started;
  for (plan::Fragment& fragment : fragments) {
    std::string document = plan::WriteFragment(fragment, document_);
    started.push_back({std::move(fragment), std::move(document)});
  }
  return started;
}

Status ClusterRun::RunSinks(const PieceGetter& get) {
  plan::PreparedJob sinks = prepared_;
  sinks.plans = planner_.sink_plans();
  for (const plan::PieceInput& input : planner_.sink_inputs()) {
    auto fetch = [get, pieces = input.pieces](size_t piece) {
      return get(pieces[piece]);
    };
    sinks.tables[input.name] = plan::OpenPieceStream(
        planner_.sink_schemas().at(input.name), input.pieces.size(), std::move(fetch));
  }
  // The scans are bound to tables without rows, by name.
  return runner_->Run(sinks);
}

Result<std::string> SignatureOf(const plan::JobSpec& job,
                                const plan::PreparedJob& prepared,
                                const fs::ObjectAccess& access) {
  if (!prepared.local_sources.empty()) {
    return UserError("--resume: found the source '", *prepared.local_sources.begin(),
                     "', which may be another in the next run; expected files only");
  }
  std::ostringstream text;
  text << kVersion << '\n' << plan::WriteJobSpec(WithAbsolutePaths(job));
  ARROW_ASSIGN_OR_RAISE(const auto inputs,
                        plan::ListInputs(job, prepared.tables, access));
  for (const plan::InputFile& input : inputs) {
    std::error_code error;
    const auto changed = std::filesystem::last_write_time(input.path, error);
    text << input.path << ' ' << input.size_bytes << ' '
         << (error ? 0 : changed.time_since_epoch().count()) << '\n';
  }
  return text.str();
}

Status RunHere(const plan::JobSpec& job, const plan::PreparedJob& prepared,
               const EngineOptions& options, const arrow::StopToken& stop,
               LocalRunner* runner) {
  ARROW_ASSIGN_OR_RAISE(const RunPlace place, PlaceOf(options.on));
  if (place.kind == RunPlace::Kind::kLocal) return runner->Run(prepared);
  ARROW_ASSIGN_OR_RAISE(const exec::Switches switches, SwitchesOf(options));
  const plan::ClusterShape shape{place.nodes, place.nodes, runner->memory_bytes()};
  ClusterRun run(job, prepared, shape, switches, runner);
  TasksHere tasks(prepared, options, stop);
  std::vector<std::string> results;
  while (!run.is_done()) {
    ARROW_ASSIGN_OR_RAISE(const auto fragments, run.Next(results));
    for (const plan::Piece& piece : run.TakeUnused()) tasks.Drop(piece);
    if (fragments.empty() && !run.is_done()) {
      return InternalError("no fragment of the job can start");
    }
    results.clear();
    for (const ClusterRun::Started& started : fragments) {
      for (size_t task = 0; task < started.fragment.tasks.size(); ++task) {
        ARROW_ASSIGN_OR_RAISE(results.emplace_back(), tasks.Run(started, task));
      }
    }
  }
  return run.RunSinks([&](const plan::Piece& piece) { return tasks.Get(piece); });
}

}  // namespace windrow::runner
