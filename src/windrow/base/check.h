// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace windrow::internal {
/// Prints the failed claim with its place to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* claim);
}  // namespace windrow::internal

/// States what must hold whatever the input is. Always on: a wrong answer is worse than a
/// stop. Outside input never reaches it; that is a Status.
#define WINDROW_CHECK(claim) \
  ((claim) ? void(0) : ::windrow::internal::CheckFailed(__FILE__, __LINE__, #claim))
