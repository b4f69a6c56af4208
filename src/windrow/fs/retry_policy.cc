// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/retry_policy.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

namespace windrow::fs {
namespace {

class SystemClock : public RetryClock {
 public:
  double Now() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
  }

  void Sleep(double seconds, const arrow::StopToken& stop) override {
    constexpr double kSecondsBetweenLooks = 0.05;
    const double end = Now() + seconds;
    for (double now = Now(); now < end && !stop.IsStopRequested(); now = Now()) {
      const double left = std::min(kSecondsBetweenLooks, end - now);
      std::this_thread::sleep_for(std::chrono::duration<double>(left));
    }
  }

  double Random() override {
    thread_local std::minstd_rand engine(std::random_device{}());
    return std::uniform_real_distribution<double>()(engine);
  }
};

/// Sets `value` from the environment where `name` is there.
template <typename Number>
Status ReadNumber(const char* name, Number* value) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return Status::OK();
  const std::string_view digits(text);
  Number number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || !(number > 0)) {
    return UserError(name, "=", digits, ": expected a number above 0");
  }
  *value = number;
  return Status::OK();
}

}  // namespace

RetryClock& RetryClock::Real() {
  static SystemClock clock;
  return clock;
}

Result<RetryPolicy> RetryPolicy::FromEnvironment() {
  RetryPolicy policy;
  ARROW_RETURN_NOT_OK(ReadNumber("WINDROW_STORE_TRIES", &policy.most_tries));
  ARROW_RETURN_NOT_OK(ReadNumber("WINDROW_STORE_RETRY_SECONDS", &policy.most_seconds));
  ARROW_RETURN_NOT_OK(
      ReadNumber("WINDROW_STORE_REQUEST_SECONDS", &policy.request_seconds));
  return policy;
}

Status RetryPolicy::Run(std::string_view place, const std::function<TryResult()>& attempt,
                        const arrow::StopToken& stop, RetryClock& clock) const {
  const double start = clock.Now();
  double wait = first_wait_seconds;
  for (int tries = 1;; ++tries) {
    ARROW_RETURN_NOT_OK(stop.Poll());
    const TryResult result = attempt();
    if (result.status.ok()) return result.status;
    ARROW_RETURN_NOT_OK(stop.Poll());
    if (!result.may_pass) return At(place, result.status);
    const double pause = wait * (1 - clock.Random() / 2);
    if (tries >= most_tries || clock.Now() + pause - start > most_seconds) {
      return StorageError(place, ": after ", tries,
                          tries == 1 ? " try: " : " tries: ", result.status.message());
    }
    clock.Sleep(pause, stop);
    wait *= 2;
  }
}

}  // namespace windrow::fs
