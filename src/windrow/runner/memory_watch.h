// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace windrow::runner {

/// Samples the process's anonymous and shared memory while it lives and keeps the peak.
/// Peaks shorter than kSampleMillis may be missed; allocations through the budget are not
/// (see exec::MemoryBudget::max_memory).
class MemoryWatch {
 public:
  static constexpr int kSampleMillis = 10;

  MemoryWatch();
  ~MemoryWatch();

  /// Ends sampling and returns the peak in bytes.
  int64_t Stop();

 private:
  void Sample();

  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stopped_ = false;
  std::atomic<int64_t> peak_bytes_ = 0;
  std::thread thread_;
};

}  // namespace windrow::runner
