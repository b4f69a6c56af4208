// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "windrow/plan/prepare.h"
#include "windrow/python/batch_sink.h"
#include "windrow/python/python_stream.h"
#include "windrow/runner/engine_options.h"
#include "windrow/runner/local_runner.h"

namespace windrow::python {

/// A job, and the tables that stand for some of its sources.
struct JobRequest {
  plan::JobSpec job;
  plan::OpenTables inputs;
  std::shared_ptr<StreamFailure> failure;  ///< of the streams among `inputs`
  runner::EngineOptions options;
};

/// A job that runs on a thread of its own. Everything may be called by any thread, with
/// or without the interpreter's lock; calls that wait let go of it themselves.
class JobRun {
 public:
  /// Where the rows of the job's result go, if it has one.
  enum class Output { kTable, kStream };

  /// Fails at once on options that make no sense, and in a process that was forked off
  /// one that had run a job.
  static Result<std::shared_ptr<JobRun>> Start(JobRequest request, Output output);

  /// Waits that long for the end of the run; true when it has come.
  bool WaitFor(std::chrono::milliseconds time);
  /// The same for the moment when the result's schema, or the failure, is known.
  bool WaitForSchema(std::chrono::milliseconds time);

  /// Makes the run end soon; outputs stay as they were. No effect after the end.
  void Cancel();
  /// Cancels and waits a second at most.
  void Close();

  /// What was raised in Python in the middle of a stream, if that is why the run failed.
  const std::shared_ptr<StreamFailure>& failure() const { return request_.failure; }
  /// After WaitForSchema.
  Result<std::shared_ptr<arrow::Schema>> schema() const;
  /// After WaitFor: how the run ended.
  Status status() const;
  /// The rows of the result, after WaitFor. Their memory is the run's, which they keep.
  std::vector<std::shared_ptr<arrow::RecordBatch>> TakeRows();
  /// The next batch of a stream, null at the end; `is_gone` is asked several times a
  /// second and ends the wait with a cancellation.
  Result<std::shared_ptr<arrow::RecordBatch>> Next(const std::function<bool()>& is_gone);
  /// The run report as JSON, after WaitFor.
  std::string report() const;

  /// Rows that sources have read, and how many they have as far as is known.
  struct Progress {
    int64_t rows = 0;
    int64_t total_rows = 0;
  };
  Progress progress() const;

 private:
  JobRun(JobRequest request, Output output, const runner::RunOptions& options);
  Status Run();

  JobRequest request_;
  const Output output_;
  const runner::RunOptions options_;
  arrow::StopSource stop_;
  std::shared_ptr<runner::LocalRunner> runner_;  ///< shared with the rows handed out
  BatchChannel channel_;
  std::atomic<int64_t> total_rows_ = 0;
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<Status> end_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> rows_;
  std::string report_;
};

/// Cancels all runs of the process and waits a moment for them. For its exit.
void CloseAllRuns();

}  // namespace windrow::python
