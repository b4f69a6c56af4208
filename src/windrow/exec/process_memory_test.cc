// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/process_memory.h"

#include <gmock/gmock.h>

namespace windrow::exec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProcessMemory, TheMachineIsKnown) {
  EXPECT_GT(DefaultBudgetBytes(), 1 << 20);
  EXPECT_GT(AnonymousBytesNow(), 0);
  EXPECT_GE(PeakResidentBytes(), AnonymousBytesNow() / 2);
}

TEST(MemoryLimitFiles, UnifiedHierarchyUpToItsTop) {
  EXPECT_THAT(
      MemoryLimitFiles("0::/user.slice/run-7.scope\n",
                       "23 1 8:1 / / rw - ext4 /dev/sda rw\n"
                       "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 "
                       "rw,nsdelegate\n"),
      ElementsAre("/sys/fs/cgroup/user.slice/run-7.scope/memory.max",
                  "/sys/fs/cgroup/user.slice/memory.max", "/sys/fs/cgroup/memory.max"));
}

TEST(MemoryLimitFiles, VersionOneNamesItsController) {
  EXPECT_THAT(
      MemoryLimitFiles("9:name=systemd:/\n4:cpu,memory:/job/a\n1:cpuset:/other\n0::/\n",
                       "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup "
                       "rw,memory,cpu\n"
                       "36 31 0:33 / /sys/fs/cgroup/devices rw - cgroup cgroup "
                       "rw,devices\n"
                       "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"),
      ElementsAre("/sys/fs/cgroup/memory/job/a/memory.limit_in_bytes",
                  "/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
                  "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                  "/sys/fs/cgroup/unified/memory.max"));
}

TEST(MemoryLimitFiles, AMountShowsPartOfTheHierarchy) {
  const char* mounted = "35 31 0:32 /docker/a1 /cg\\040mount rw - cgroup2 none rw\n";
  EXPECT_THAT(MemoryLimitFiles("0::/docker/a1/inner\n", mounted),
              ElementsAre("/cg mount/inner/memory.max", "/cg mount/memory.max"));
  EXPECT_THAT(MemoryLimitFiles("0::/docker/a1\n", mounted),
              ElementsAre("/cg mount/memory.max"));
  EXPECT_THAT(MemoryLimitFiles("0::/docker/a12\n", mounted),
              ElementsAre("/cg mount/memory.max"));
  EXPECT_THAT(MemoryLimitFiles("0::/../../x\n", mounted),
              ElementsAre("/cg mount/memory.max"));
}

TEST(MemoryLimitFiles, NothingUsable) {
  EXPECT_THAT(MemoryLimitFiles("", ""), IsEmpty());
  EXPECT_THAT(MemoryLimitFiles("0::/a\n", "1 2 3\n- - -\n\n"), IsEmpty());
  EXPECT_THAT(MemoryLimitFiles("no colons\n4:memory\n",
                               "35 31 0:32 / /cg rw - cgroup2 none rw\n"),
              IsEmpty());
}

}  // namespace
}  // namespace windrow::exec
