// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace windrow::internal {

void CheckFailed(const char* file, int line, const char* claim) {
  std::fprintf(stderr, "windrow: defect at %s:%d: expected %s\n", file, line, claim);
  std::abort();
}

}  // namespace windrow::internal
