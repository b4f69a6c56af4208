// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/metrics.h"

#include <gtest/gtest.h>

#include "windrow/exec/task_slots.h"

namespace windrow::exec {
namespace {

void BurnCpu(int64_t nanos) {
  const int64_t end = ThreadCpuNanos() + nanos;
  while (ThreadCpuNanos() < end) {
  }
}

constexpr int64_t kMilli = 1'000'000;

TEST(StepTimer, NestedTimersShareOutTheCpu) {
  StepMetrics outer("outer", "sort");
  StepMetrics inner("inner", "filter");
  const int64_t start = ThreadCpuNanos();
  {
    const StepTimer timer(&outer);
    BurnCpu(2 * kMilli);
    {
      const StepTimer nested(&inner);
      BurnCpu(8 * kMilli);
    }
    BurnCpu(2 * kMilli);
  }
  const int64_t all = ThreadCpuNanos() - start;
  EXPECT_GE(inner.cpu_nanos, 8 * kMilli);
  EXPECT_GE(outer.cpu_nanos, 4 * kMilli);
  EXPECT_LE(inner.cpu_nanos + outer.cpu_nanos, all);
  EXPECT_GE(outer.wall_nanos(), inner.wall_nanos());
}

TEST(StepTimer, NoNanosecondIsChargedTwice) {
  StepMetrics outer("outer", "sort");
  StepMetrics inner("inner", "filter");
  const int64_t start = ThreadCpuNanos();
  {
    const StepTimer timer(&outer);
    for (int i = 0; i < 10'000; ++i) const StepTimer nested(&inner);
  }
  EXPECT_LE(inner.cpu_nanos + outer.cpu_nanos, ThreadCpuNanos() - start);
}

TEST(StepTimer, AStepInsideItselfIsCountedOnce) {
  StepMetrics step("step", "hash_join");
  const int64_t start = ThreadCpuNanos();
  {
    const StepTimer timer(&step);
    const StepTimer nested(&step);
    BurnCpu(kMilli);
  }
  EXPECT_GE(step.cpu_nanos, kMilli);
  EXPECT_LE(step.cpu_nanos, ThreadCpuNanos() - start);
}

TEST(StepMetrics, WallSpansFromFirstToLast) {
  StepMetrics step("step", "scan");
  EXPECT_EQ(step.wall_nanos(), 0);
  step.Touch(500, 700);
  step.Touch(100, 200);
  EXPECT_EQ(step.wall_nanos(), 600);
}

TEST(StepMetrics, Strategy) {
  StepMetrics step("step", "hash_join");
  step.SetStrategy("dense", "few keys");
  EXPECT_EQ(step.strategy(), "dense");
  EXPECT_EQ(step.reason(), "few keys");
}

TEST(TaskSlots, CpuOfOtherThreadsIsAdded) {
  TaskSlots slots(2);
  StepMetrics step("step", "sort");
  const int64_t start = ThreadCpuNanos();
  const Status status = slots.ParallelFor(
      8,
      [&](int64_t) {
        BurnCpu(kMilli);
        return Status::OK();
      },
      &step.cpu_nanos);
  EXPECT_TRUE(status.ok());
  EXPECT_GE(step.cpu_nanos + ThreadCpuNanos() - start, 8 * kMilli);
}

}  // namespace
}  // namespace windrow::exec
