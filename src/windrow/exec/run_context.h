// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/memory_pool.h>
#include <arrow/util/cancel.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace windrow::exec {

class MemoryBudget;
class TaskSlots;

/// What one run shares between all its operators. Passed by pointer, owned by the runner,
/// outlives every operator of the run.
struct RunContext {
  arrow::MemoryPool* pool = nullptr;  ///< budgeted; every Arrow allocation of the run
  TaskSlots* slots = nullptr;         ///< where parallel loops run
  arrow::StopToken stop;              ///< checked by every loop that takes over a morsel
  /// Set while others run beside a pipeline: true once one has failed. May be null.
  const std::atomic<bool>* has_failed = nullptr;
  int64_t morsel_rows = 64 * 1024;   ///< most rows of a batch handed to an operator
  int64_t morsel_bytes = 8 << 20;    ///< most bytes of such a batch, by estimate
  int64_t batch_bytes = 64 << 20;    ///< of a batch a breaker emits, by estimate
  int64_t units_bytes = 1 << 30;     ///< held by all units under way, by estimate
  int64_t window_bytes = 256 << 20;  ///< joined output gathered at once, by estimate
  /// The same where payload has to be decoded for each window.
  int64_t decoded_window_bytes = 1 << 30;
  bool dense_keys = true;  ///< see Switches
  /// Most that a thread remembers for one call of a label function; 0: nothing.
  int64_t label_memo_bytes = 8 << 20;
  bool sync_outputs = false;       ///< see Switches
  MemoryBudget* budget = nullptr;  ///< behind `pool`; null where nothing spills
  /// For the buffers that spilling itself needs: never denied, a few MiB at a time.
  arrow::MemoryPool* spill_pool = nullptr;
  std::string temp_dir = "/tmp";  ///< folder for spill files
};

}  // namespace windrow::exec
