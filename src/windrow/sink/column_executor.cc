// SPDX-License-Identifier: Apache-2.0
#include "windrow/sink/column_executor.h"

#include <utility>

#include "windrow/exec/task_slots.h"

namespace windrow::sink {

int ColumnExecutor::GetCapacity() { return slots_->num_slots(); }

arrow::Status ColumnExecutor::SpawnReal(arrow::internal::TaskHints,
                                        arrow::internal::FnOnce<void()> task,
                                        arrow::StopToken, StopCallback&&) {
  held_.push_back(std::move(task));
  if (held_.size() < num_expected_) return arrow::Status::OK();
  auto tasks = std::exchange(held_, {});
  return slots_->ParallelFor(static_cast<int64_t>(tasks.size()), [&](int64_t index) {
    std::move(tasks[index])();
    return arrow::Status::OK();
  });
}

}  // namespace windrow::sink
