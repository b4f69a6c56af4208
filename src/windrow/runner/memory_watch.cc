// SPDX-License-Identifier: Apache-2.0
#include "windrow/runner/memory_watch.h"

#include <algorithm>
#include <chrono>

#include "windrow/exec/process_memory.h"

namespace windrow::runner {

MemoryWatch::MemoryWatch()
    : thread_([this] {
        std::unique_lock lock(mutex_);
        while (!stopped_) {
          Sample();
          stopping_.wait_for(lock, std::chrono::milliseconds(kSampleMillis));
        }
      }) {}

MemoryWatch::~MemoryWatch() { Stop(); }

int64_t MemoryWatch::Stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
    Sample();
  }
  return peak_bytes_;
}

void MemoryWatch::Sample() {
  peak_bytes_ = std::max(peak_bytes_.load(), exec::AnonymousBytesNow());
}

}  // namespace windrow::runner
