// SPDX-License-Identifier: Apache-2.0
#include "windrow/python/job_run.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>
#include <variant>

#include "windrow/flight/kept_buffer.h"
#include "windrow/python/gil.h"
#include "windrow/runner/cluster_run.h"
#include "windrow/runner/run_report.h"

namespace windrow::python {
namespace {

constexpr std::chrono::milliseconds kPatience(1000);

/// Encoded and not read yet; a worker may have as much again four times over.
int64_t AheadBytes(int64_t memory_bytes) {
  constexpr int64_t kMost = 16 << 20;
  return std::min(kMost, memory_bytes / 16);
}

/// The runs of the process that have not ended. Thread-safe.
class LiveRuns {
 public:
  static LiveRuns& Get() {
    static auto* runs = new LiveRuns;  // outlives every thread
    return *runs;
  }

  void Add(std::shared_ptr<JobRun> run) {
    const std::scoped_lock lock(mutex_);
    runs_.insert(std::move(run));
  }
  void Remove(const std::shared_ptr<JobRun>& run) {
    const std::scoped_lock lock(mutex_);
    runs_.erase(run);
  }
  std::set<std::shared_ptr<JobRun>> all() const {
    const std::scoped_lock lock(mutex_);
    return runs_;
  }
  bool HasSeveral() const {
    const std::scoped_lock lock(mutex_);
    return runs_.size() > 1;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::shared_ptr<JobRun>> runs_;
};

/// Threads and locks of the first run's process do not exist in one forked off it.
Status CheckNotForked() {
  static std::atomic<pid_t> first_process = 0;
  pid_t none = 0;
  const pid_t here = getpid();
  if (first_process.compare_exchange_strong(none, here) || none == here) {
    return Status::OK();
  }
  return UserError(
      "this process was forked off one that had run a job; expected the "
      "start method 'spawn' or 'forkserver', or no run before the fork");
}

const plan::LogicalPlan* ResultPlan(const plan::PreparedJob& job) {
  for (const plan::LogicalPlan& plan : job.plans) {
    if (plan.sink.has_value() && std::holds_alternative<plan::ResultSpec>(*plan.sink)) {
      return &plan;
    }
  }
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<JobRun>> JobRun::Start(JobRequest request, Output output) {
  ARROW_RETURN_NOT_OK(CheckNotForked());
  ARROW_ASSIGN_OR_RAISE(const runner::RunOptions options,
                        runner::RunOptionsOf(request.options));
  std::shared_ptr<JobRun> run(new JobRun(std::move(request), output, options));
  LiveRuns::Get().Add(run);
  std::thread([run] {
    const Status status = run->Run();
    LiveRuns::Get().Remove(run);
    {
      const std::scoped_lock lock(run->mutex_);
      run->end_ = status;
    }
    run->changed_.notify_all();
    run->channel_.Close(status);
  }).detach();
  return run;
}

JobRun::JobRun(JobRequest request, Output output, const runner::RunOptions& options)
    : request_(std::move(request)),
      output_(output),
      options_(options),
      runner_(std::make_shared<runner::LocalRunner>(options, stop_.token())),
      channel_(AheadBytes(runner_->memory_bytes())) {}

Status JobRun::Run() {
  ARROW_ASSIGN_OR_RAISE(
      plan::Access access,
      runner::AccessOf(request_.options, options_.switches, stop_.token()));
  access.opened = request_.inputs;
  ARROW_ASSIGN_OR_RAISE(plan::PreparedJob job,
                        plan::PrepareJob(request_.job, options_.switches, access));
  for (const auto& [name, table] : job.tables) {
    total_rows_ += table->num_rows().value_or(0);
  }
  const plan::LogicalPlan* result = ResultPlan(job);
  if (result != nullptr) {
    {
      const std::scoped_lock lock(mutex_);
      schema_ = result->root->schema;
    }
    changed_.notify_all();
  }
  if (output_ == Output::kStream) {
    job.open_result = [this](const auto&, const auto&, const auto*) {
      return std::make_unique<BatchSink>(&channel_,
                                         4 * AheadBytes(runner_->memory_bytes()),
                                         [] { return LiveRuns::Get().HasSeveral(); });
    };
  }
  const Status status =
      runner::RunHere(request_.job, job, request_.options, stop_.token(), runner_.get());
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
  for (const auto& [name, batches] : runner_->collected()) {
    if (batches != nullptr) rows.insert(rows.end(), batches->begin(), batches->end());
  }
  // Whoever keeps the rows keeps the runner.
  if (result != nullptr) runner_->ReleaseUnused();
  const std::scoped_lock lock(mutex_);
  rows_ = std::move(rows);
  report_ = runner::ToJson(runner_->Report(request_.job.document_name));
  return status;
}

bool JobRun::WaitFor(std::chrono::milliseconds time) {
  const WithoutGil unlocked;
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return end_.has_value(); });
}

bool JobRun::WaitForSchema(std::chrono::milliseconds time) {
  const WithoutGil unlocked;
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time,
                           [&] { return schema_ != nullptr || end_.has_value(); });
}

void JobRun::Cancel() {
  const WithoutGil unlocked;
  stop_.RequestStop();
  channel_.Cancel();
}

void JobRun::Close() {
  Cancel();
  WaitFor(kPatience);
}

Result<std::shared_ptr<arrow::Schema>> JobRun::schema() const {
  const std::scoped_lock lock(mutex_);
  if (schema_ != nullptr) return schema_;
  if (end_.has_value() && !end_->ok()) return *end_;
  return InternalError("found a job without a result; expected one");
}

Status JobRun::status() const {
  const std::scoped_lock lock(mutex_);
  return *end_;
}

std::vector<std::shared_ptr<arrow::RecordBatch>> JobRun::TakeRows() {
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows;
  {
    const std::scoped_lock lock(mutex_);
    rows = std::exchange(rows_, {});
  }
  for (auto& batch : rows) batch = flight::KeepWith(runner_, *batch);
  return rows;
}

Result<std::shared_ptr<arrow::RecordBatch>> JobRun::Next(
    const std::function<bool()>& is_gone) {
  const WithoutGil unlocked;
  bool has_gone = false;
  ARROW_ASSIGN_OR_RAISE(const auto batch, channel_.Pop([&] {
    has_gone = is_gone();
    return has_gone;
  }));
  if (has_gone) return Fail(Blame::kCancelled, "cancelled");
  if (!batch.has_value()) return nullptr;
  return flight::KeepWith(runner_, **batch);
}

std::string JobRun::report() const {
  const std::scoped_lock lock(mutex_);
  return report_;
}

JobRun::Progress JobRun::progress() const {
  Progress progress{0, total_rows_};
  runner_->metrics().ForEach([&](const exec::StepMetrics& step) {
    if (step.kind == "scan") progress.rows += step.rows_out;
  });
  return progress;
}

void CloseAllRuns() {
  const auto runs = LiveRuns::Get().all();
  for (const auto& run : runs) run->Cancel();
  for (const auto& run : runs) run->WaitFor(kPatience);
}

}  // namespace windrow::python
