// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/task_slots.h"

#include <gmock/gmock.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace windrow::exec {
namespace {

/// Whether so many tasks of `slots` run at the same time, within the time that a loaded
/// machine needs.
bool RunTogether(TaskSlots* slots, int count) {
  std::mutex mutex;
  std::condition_variable changed;
  int begun = 0;
  int ended = 0;
  int met = 0;
  for (int i = 0; i < count; ++i) {
    slots->Enqueue([&] {
      std::unique_lock lock(mutex);
      ++begun;
      changed.notify_all();
      met += changed.wait_for(lock, std::chrono::seconds(10),
                              [&] { return begun == count; });
      ++ended;
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended == count; });
  return met == count;
}

TEST(TaskSlots, AreAsManyAsAskedFor) {
  TaskSlots slots(3);
  EXPECT_TRUE(RunTogether(&slots, 3));
}

TEST(TaskSlots, AreNotFewerBesideOthersThatHaveOne) {
  TaskSlots one(1);
  TaskSlots three(3);
  TaskSlots another(1);
  EXPECT_TRUE(RunTogether(&three, 3));
}

}  // namespace
}  // namespace windrow::exec
