// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/local_runner.h"

#include <arrow/compute/initialize.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "windrow/base/version.h"
#include "windrow/exec/process_memory.h"
#include "windrow/exec/task_slots.h"
#include "windrow/plan/planner.h"
#include "windrow/runner/manifest.h"
#include "windrow/runner/run_watch.h"
#include "windrow/runner/stage_run.h"

namespace windrow::runner {
namespace {

std::string UtcNow() {
  const time_t now = time(nullptr);
  tm parts;
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

int64_t SpilledBytes(const exec::RunMetrics& metrics) {
  int64_t bytes = 0;
  metrics.ForEach([&](const exec::StepMetrics& step) { bytes += step.spill_bytes; });
  return bytes;
}

RunOptions WithDefaults(RunOptions options) {
  if (options.slots == 0) options.slots = exec::DefaultSlots();
  if (options.memory_bytes == 0) options.memory_bytes = exec::DefaultBudgetBytes();
  if (options.temp_dir.empty()) {
    const char* system_folder = getenv("TMPDIR");
    const bool is_set = system_folder != nullptr && *system_folder != '\0';
    options.temp_dir = is_set ? system_folder : "/tmp";
  }
  return options;
}

/// An eighth of the budget leaves room for the window before, being written, and the one
/// being gathered; beyond half a GiB a larger window no longer gathers faster.
int64_t WindowBytes(const RunOptions& options) {
  constexpr int64_t kLeast = 8 << 20;
  constexpr int64_t kMost = int64_t{512} << 20;
  if (options.switches.window_bytes > 0) return options.switches.window_bytes;
  return std::clamp(options.memory_bytes / 8, kLeast, kMost);
}

/// Free blocks kept for reuse, while the budget has room for them.
int64_t CacheBytes(const RunOptions& options) {
  constexpr int64_t kMost = int64_t{256} << 20;
  return std::min(options.memory_bytes / 16, kMost);
}

/// Each has windows and units of its own, so several need a budget that is not small.
int StagesAtOnce(const RunOptions& options) {
  constexpr int64_t kBytesEach = int64_t{256} << 20;
  return static_cast<int>(
      std::clamp<int64_t>(options.memory_bytes / kBytesEach, 1, options.slots));
}

/// A few calls on every slot remember as much each.
int64_t MemoBytes(const RunOptions& options) {
  constexpr int64_t kMost = 8 << 20;
  return std::min(options.memory_bytes / 64, kMost);
}

/// For the buffers of a few blocks that are being written at once.
int64_t SpillAllowance(const RunOptions& options) {
  constexpr int64_t kMost = int64_t{32} << 20;
  return std::min(options.memory_bytes / 8, kMost);
}

}  // namespace

LocalRunner::LocalRunner(RunOptions options, arrow::StopToken stop)
    : options_(WithDefaults(options)),
      stop_(std::move(stop)),
      cache_(exec::TakeRunCache(CacheBytes(options_))),
      budget_(options_.memory_bytes, cache_.get(), SpillAllowance(options_)) {}

LocalRunner::~LocalRunner() = default;

void LocalRunner::Begin() {
  if (start_nanos_ != 0) return;
  started_at_ = UtcNow();
  start_nanos_ = exec::WallNanos();
  cpu_start_ = CpuSecondsNow();
}

Status LocalRunner::Run(const plan::PreparedJob& job) {
  Begin();
  RunWatch watch([this] { return budget_.bytes_allocated(); },
                 [this] { return SpilledBytes(metrics_); });
  Status status;
  {
    exec::TaskSlots slots(options_.slots);
    exec::RunContext context;
    context.pool = &budget_;
    context.slots = &slots;
    context.stop = stop_;
    context.morsel_rows = options_.switches.morsel_rows;
    // Some dozens of batches are under way at once: in a small budget they must be small.
    context.morsel_bytes = std::min(options_.switches.morsel_bytes,
                                    std::max<int64_t>(options_.memory_bytes / 128, 1024));
    // Where there is plenty, large batches save work; where there is not, several wait.
    context.batch_bytes = std::max(context.morsel_bytes, WindowBytes(options_) / 8);
    context.units_bytes = options_.memory_bytes / 4;
    context.window_bytes = WindowBytes(options_);
    context.decoded_window_bytes =
        std::max(context.window_bytes, options_.memory_bytes / 4);
    context.sync_outputs = options_.switches.sync_outputs;
    context.dense_keys = options_.switches.dense_keys;
    context.label_memo_bytes = options_.switches.label_memo ? MemoBytes(options_) : 0;
    context.budget = &budget_;
    context.spill_pool = budget_.spill_pool();
    context.temp_dir = options_.temp_dir;
    plan::Instantiator instantiator(job.tables, job.databases, job.open_result, &context,
                                    &metrics_);
    std::vector<std::unique_ptr<exec::Sink>> sinks;
    status = RunStages(job, &instantiator, &sinks);
    if (status.ok()) {
      status = AddManifests(job, metrics_, instantiator.WrittenFolders(), &context);
    }
    for (const auto& sink : sinks) {
      if (status.ok()) status = sink->Commit();
    }
    if (!status.ok()) {
      for (const auto& sink : sinks) sink->Abort();
    } else {
      collected_ = instantiator.collected();
      exchanged_ = instantiator.exchanged();
      sink_schemas_ = instantiator.sink_schemas();
    }
    instantiator.AddLateBytes();
  }
  wall_seconds_ = static_cast<double>(exec::WallNanos() - start_nanos_) * 1e-9;
  cpu_seconds_ = CpuSecondsNow() - cpu_start_;
  watch.Stop();
  peak_memory_bytes_ = watch.peak_bytes();
  timeline_ = watch.timeline();
  return status;
}

Status LocalRunner::RunStages(const plan::PreparedJob& job,
                              plan::Instantiator* instantiator,
                              std::vector<std::unique_ptr<exec::Sink>>* sinks) {
  plan::Planner planner(job.plans, options_.switches);
  std::vector<plan::StageResult> results;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::vector<plan::Stage> stages, planner.Next(results));
    if (stages.empty()) return Status::OK();
    StageRun run(stages, instantiator, StagesAtOnce(options_));
    const Status status = run.Run();
    for (auto& sink : run.TakeSinks()) sinks->push_back(std::move(sink));
    ARROW_RETURN_NOT_OK(status);
    results = run.results();
  }
}

RunReport LocalRunner::Report(const std::string& job_name) const {
  RunReport report;
  report.version = kVersion;
  report.job = job_name;
  report.started_at = started_at_;
  report.wall_seconds = wall_seconds_;
  report.cpu_seconds = cpu_seconds_;
  report.peak_memory_bytes = std::max(peak_memory_bytes_, budget_.max_memory());
  report.peak_rss_bytes = exec::PeakResidentBytes();
  report.memory_budget_bytes = options_.memory_bytes;
  report.slots = options_.slots;
  report.runner = "local";
  AddSteps(metrics_, start_nanos_, &report);
  report.timeline = timeline_;
  return report;
}

}  // namespace windrow::runner
