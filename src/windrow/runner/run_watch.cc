// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/run_watch.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "windrow/exec/metrics.h"
#include "windrow/exec/process_memory.h"

namespace windrow::runner {
namespace {

template <typename T>
void KeepEverySecond(std::vector<T>* values) {
  for (size_t i = 0; 2 * i < values->size(); ++i) (*values)[i] = (*values)[2 * i];
  values->resize((values->size() + 1) / 2);
}

}  // namespace

double CpuSecondsNow() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

RunWatch::RunWatch(std::function<int64_t()> held_bytes,
                   std::function<int64_t()> spilled_bytes)
    : held_bytes_(std::move(held_bytes)),
      spilled_bytes_(std::move(spilled_bytes)),
      start_nanos_(exec::WallNanos()),
      start_cpu_seconds_(CpuSecondsNow()),
      thread_([this] {
        std::unique_lock lock(mutex_);
        while (!is_stopped_) {
          Sample();
          stopping_.wait_for(lock, std::chrono::milliseconds(kSampleMillis));
        }
      }) {}

RunWatch::~RunWatch() { Stop(); }

void RunWatch::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopped_ = true;
  }
  stopping_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  ticks_ = 0;  // the end is a sample in any case
  Sample();
}

void RunWatch::Sample() {
  const int64_t memory = exec::AnonymousBytesNow();
  peak_bytes_ = std::max(peak_bytes_, memory);
  if (ticks_++ % ticks_per_sample_ != 0) return;
  timeline_.seconds.push_back(static_cast<double>(exec::WallNanos() - start_nanos_) *
                              1e-9);
  timeline_.memory_bytes.push_back(memory);
  timeline_.budget_bytes.push_back(held_bytes_());
  timeline_.spill_bytes.push_back(spilled_bytes_());
  timeline_.cpu_seconds.push_back(CpuSecondsNow() - start_cpu_seconds_);
  if (timeline_.seconds.size() >= kMostSamples) Thin();
}

void RunWatch::Thin() {
  KeepEverySecond(&timeline_.seconds);
  KeepEverySecond(&timeline_.memory_bytes);
  KeepEverySecond(&timeline_.budget_bytes);
  KeepEverySecond(&timeline_.spill_bytes);
  KeepEverySecond(&timeline_.cpu_seconds);
  ticks_per_sample_ *= 2;
}

}  // namespace windrow::runner
