// SPDX-License-Identifier: Apache-2.0
#include "windrow/flight/server_access.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace windrow::flight {

int ServerAccess::DefaultStreams() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 4u));
}

Result<ServerAccess> ServerAccess::FromEnvironment() {
  constexpr char kPatience[] = "WINDROW_FLIGHT_PATIENCE_SECONDS";
  ServerAccess access;
  const char* const value = std::getenv(kPatience);
  if (value == nullptr || *value == '\0') return access;
  const std::string_view text = value;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] =
      std::from_chars(text.data(), text_end, access.patience_seconds);
  // Deadlines are counted in nanoseconds.
  constexpr double kMostSeconds = 1e9;
  if (error != std::errc() || end != text_end || !(access.patience_seconds > 0) ||
      access.patience_seconds > kMostSeconds) {
    return UserError(kPatience, "=", text, ": expected a number of seconds above 0");
  }
  return access;
}

}  // namespace windrow::flight
