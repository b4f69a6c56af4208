// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/allocator.h"

#include <malloc.h>
#include <sys/prctl.h>

namespace windrow::flight {

void KeepMessageMemory() {
  constexpr int kMostBytes = 1 << 30;
  constexpr int kAheadBytes = 16 << 20;
  static const bool is_set = [] {
    mallopt(M_MMAP_THRESHOLD, kMostBytes);
    mallopt(M_TRIM_THRESHOLD, kMostBytes);
    mallopt(M_TOP_PAD, kAheadBytes);
    return true;
  }();
  static_cast<void>(is_set);
}

void TakeSmallPages() { prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }

void ReleaseMessageMemory() { malloc_trim(0); }

}  // namespace windrow::flight
