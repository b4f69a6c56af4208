// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/task_slots.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <time.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "windrow/base/check.h"
#include "windrow/exec/spill_scope.h"

#ifdef WINDROW_SANITIZE_THREAD
#include <sanitizer/tsan_interface.h>
#endif

namespace windrow::exec {
namespace {

// The thread sanitizer does not see into oneTBB: this file is built without it and says
// itself what a task may rely on. What precedes HandOver(p) happens before what follows
// TakeOver(p).
#ifdef WINDROW_SANITIZE_THREAD
void HandOver(void* place) { __tsan_release(place); }
void TakeOver(void* place) { __tsan_acquire(place); }
#else
void HandOver(void*) {}
void TakeOver(void*) {}
#endif

/// The slots this thread is working for.
thread_local const TaskSlots* working_for = nullptr;

/// Marks the calling thread as working for `slots`.
class Working {
 public:
  explicit Working(const TaskSlots* slots) : outer_(working_for) { working_for = slots; }
  ~Working() { working_for = outer_; }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;

 private:
  const TaskSlots* outer_;
};

/// Lets oneTBB have threads for that many slots, whatever other TaskSlots there are: each
/// arena bounds its own, and of several limits the least would count for all of them.
void AllowWorkers(int num_slots) {
  static std::mutex mutex;
  static std::unique_ptr<tbb::global_control> limit;
  static size_t allowed = 0;
  // oneTBB counts an outside thread that waits in ParallelFor.
  const size_t wanted = static_cast<size_t>(num_slots) + 1;
  const std::scoped_lock lock(mutex);
  if (wanted <= allowed) return;
  limit.reset();
  limit = std::make_unique<tbb::global_control>(
      tbb::global_control::max_allowed_parallelism, wanted);
  allowed = wanted;
}

}  // namespace

struct TaskSlots::Arena {
  explicit Arena(int num_slots) : arena(num_slots, /*reserved_for_masters=*/0) {}
  tbb::task_arena arena;
};

TaskSlots::TaskSlots(int num_slots)
    : num_slots_(num_slots), arena_(std::make_unique<Arena>(num_slots)) {
  WINDROW_CHECK(num_slots >= 1);
  AllowWorkers(std::max(num_slots, DefaultSlots()));
}

TaskSlots::~TaskSlots() = default;

int DefaultSlots() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

bool TaskSlots::IsWorker() { return working_for != nullptr; }

void TaskSlots::Enqueue(std::function<void()> task) {
  auto handed = std::make_shared<std::function<void()>>(std::move(task));
  HandOver(handed.get());
  arena_->arena.enqueue([this, handed = std::move(handed)] {
    TakeOver(handed.get());
    const Working working(this);
    (*handed)();
  });
}

Status TaskSlots::ParallelFor(int64_t count, const std::function<Status(int64_t)>& body,
                              std::atomic<int64_t>* cpu_nanos) {
  const std::thread::id caller = std::this_thread::get_id();
  const MemoryBudget* spilled_for = SpillScope::Current();
  if (spilled_for != nullptr && working_for != this) {
    // All workers may be waiting for this very Spill, and then none would let it in.
    for (int64_t index = 0; index < count; ++index) ARROW_RETURN_NOT_OK(body(index));
    return Status::OK();
  }
  std::atomic<bool> failed = false;
  std::mutex mutex;
  Status first_failure;
  auto run = [&](int64_t index) {
    if (failed.load(std::memory_order_relaxed)) return;
    TakeOver(&mutex);
    const SpillScope scope(spilled_for);
    const Working working(this);
    const int64_t start = ThreadCpuNanos();
    Status status = body(index);
    HandOver(&first_failure);
    if (cpu_nanos != nullptr && std::this_thread::get_id() != caller) {
      *cpu_nanos += ThreadCpuNanos() - start;
    }
    if (status.ok()) return;
    failed = true;
    const std::scoped_lock lock(mutex);
    if (first_failure.ok()) first_failure = std::move(status);
  };
  HandOver(&mutex);
  // Isolation keeps a worker that waits here from starting an unrelated morsel, which
  // would nest pipelines without bound on its stack.
  arena_->arena.execute([&] {
    tbb::this_task_arena::isolate(
        [&] { tbb::parallel_for(int64_t{0}, count, run, tbb::simple_partitioner()); });
  });
  TakeOver(&first_failure);
  return first_failure;
}

int64_t ThreadCpuNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace windrow::exec
