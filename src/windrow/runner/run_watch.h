// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "windrow/runner/run_report.h"

namespace windrow::runner {

/// Samples a run while it lives: the process's anonymous and shared memory, what the
/// run's budget holds and what it has spilled, and CPU time. Peaks shorter than
/// kSampleMillis may be missed; allocations through the budget are not (see
/// exec::MemoryBudget::max_memory).
class RunWatch {
 public:
  static constexpr int kSampleMillis = 10;
  /// When there are more samples, every second one goes and they come half as often.
  static constexpr size_t kMostSamples = 600;

  /// `held_bytes` and `spilled_bytes` are asked by a thread of this object until Stop.
  RunWatch(std::function<int64_t()> held_bytes, std::function<int64_t()> spilled_bytes);
  ~RunWatch();

  /// Ends sampling; the first call counts.
  void Stop();
  /// After Stop: the most memory seen, in bytes, and the samples.
  int64_t peak_bytes() const { return peak_bytes_; }
  const RunReport::Timeline& timeline() const { return timeline_; }

 private:
  void Sample();
  void Thin();

  const std::function<int64_t()> held_bytes_;
  const std::function<int64_t()> spilled_bytes_;
  const int64_t start_nanos_;
  const double start_cpu_seconds_;
  std::mutex mutex_;  ///< guards is_stopped_
  std::condition_variable stopping_;
  bool is_stopped_ = false;
  int64_t peak_bytes_ = 0;
  size_t ticks_ = 0;
  size_t ticks_per_sample_ = 1;
  RunReport::Timeline timeline_;
  std::thread thread_;
};

/// CPU seconds of this process so far, on all threads.
double CpuSecondsNow();

}  // namespace windrow::runner
