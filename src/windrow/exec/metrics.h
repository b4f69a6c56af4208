// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace windrow::exec {

/// Counters of one step of a run. Explain, progress, the run report and the planner read
/// the same object. Counters are thread-safe; names and predictions are set before the
/// run.
class StepMetrics {
 public:
  StepMetrics(std::string name, std::string kind)
      : name(std::move(name)), kind(std::move(kind)) {}

  const std::string name;  ///< as in the job document
  const std::string kind;  ///< scan, filter, hash_join, sort, limit, write, …

  std::atomic<int64_t> rows_in = 0;
  std::atomic<int64_t> rows_out = 0;
  std::atomic<int64_t> bytes = 0;       ///< read by a scan, written by a sink
  std::atomic<int64_t> wire_bytes = 0;  ///< of those read, from another process
  std::atomic<int64_t> cpu_nanos = 0;   ///< on all threads
  std::atomic<int64_t> spill_bytes = 0;
  std::optional<int64_t> predicted_rows;
  std::optional<int64_t> predicted_bytes;

  /// Adds `wall` to the time span in which this step did anything.
  void Touch(int64_t start_nanos, int64_t end_nanos);
  /// Nanoseconds from the first start to the last end seen by Touch.
  int64_t wall_nanos() const;
  /// The first start, as WallNanos; nothing before it.
  std::optional<int64_t> first_nanos() const;

  /// Adds to a count of the step's own, such as "groups". For once a batch, not a row.
  void Count(std::string_view name, int64_t amount);
  std::map<std::string, int64_t> counts() const;

  /// Notes rows that were left out on purpose, and why. For once a batch.
  void Reject(std::string_view reason, int64_t rows);
  std::map<std::string, int64_t> rejected() const;

  /// What was chosen and why, in words.
  void SetStrategy(std::string_view strategy, std::string_view reason);
  std::string strategy() const;
  std::string reason() const;

 private:
  std::atomic<int64_t> first_nanos_ = INT64_MAX;
  std::atomic<int64_t> last_nanos_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> counts_;
  std::map<std::string, int64_t> rejected_;
  std::string strategy_;
  std::string reason_;
};

/// Times one piece of work of a step on the current thread, CPU and wall. A timer started
/// inside another pauses its CPU clock, so that each nanosecond is charged to one step.
class StepTimer {
 public:
  explicit StepTimer(StepMetrics* metrics);
  ~StepTimer();
  StepTimer(const StepTimer&) = delete;
  StepTimer& operator=(const StepTimer&) = delete;

 private:
  void ChargeCpu();

  StepMetrics* metrics_;
  StepTimer* outer_;
  int64_t wall_start_;
  int64_t cpu_start_;
};

/// All steps of a run, in the order they were first used. Thread-safe; steps stay where
/// they are until the run's end.
class RunMetrics {
 public:
  StepMetrics* Add(std::string name, std::string kind) {
    const std::scoped_lock lock(mutex_);
    return &steps_.emplace_back(std::move(name), std::move(kind));
  }

  /// The step of this name and kind, added if there is none.
  StepMetrics* FindOrAdd(const std::string& name, const std::string& kind) {
    const std::scoped_lock lock(mutex_);
    for (StepMetrics& step : steps_) {
      if (step.name == name && step.kind == kind) return &step;
    }
    return &steps_.emplace_back(name, kind);
  }

  /// Calls visit(const StepMetrics&) for each step.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    const std::scoped_lock lock(mutex_);
    for (const StepMetrics& step : steps_) visit(step);
  }

 private:
  mutable std::mutex mutex_;
  std::deque<StepMetrics> steps_;
};

/// Monotonic clock, nanoseconds.
int64_t WallNanos();

}  // namespace windrow::exec
