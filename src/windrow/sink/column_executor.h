// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/thread_pool.h>

#include <vector>

namespace windrow::exec {
class TaskSlots;
}

namespace windrow::sink {

/// Lets the Parquet writer encode the columns of a batch on the run's slots. The writer
/// hands over one task for each column and then waits for all of them without helping,
/// which on a plain pool would block a slot, or for ever when there is only one. So tasks
/// are held until the last has come, and the thread that brings it works on them like the
/// others. Used by one thread at a time.
class ColumnExecutor final : public arrow::internal::Executor {
 public:
  explicit ColumnExecutor(exec::TaskSlots* slots) : slots_(slots) {}

  /// Announces the number of tasks that come next.
  void Expect(int num_tasks) { num_expected_ = static_cast<size_t>(num_tasks); }

  int GetCapacity() override;

 protected:
  arrow::Status SpawnReal(arrow::internal::TaskHints hints,
                          arrow::internal::FnOnce<void()> task, arrow::StopToken stop,
                          StopCallback&& stop_callback) override;

 private:
  exec::TaskSlots* slots_;
  size_t num_expected_ = 1;
  std::vector<arrow::internal::FnOnce<void()>> held_;
};

}  // namespace windrow::sink
