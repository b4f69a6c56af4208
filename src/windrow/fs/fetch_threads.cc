// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/fetch_threads.h"

#include <chrono>
#include <memory>
#include <thread>

namespace windrow::fs {

arrow::internal::ThreadPool& FetchThreads::Pool() {
  // Never destroyed: a stopped run may leave a thread that waits for a server.
  static auto* pool = new std::shared_ptr<arrow::internal::ThreadPool>(
      arrow::internal::ThreadPool::MakeEternal(kThreads).ValueOrDie());
  return **pool;
}

Status FetchThreads::SetWidth(int threads) { return Pool().SetCapacity(threads); }

bool FetchThreads::WaitUntilIdle(double seconds) {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (Pool().GetNumTasks() > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace windrow::fs
