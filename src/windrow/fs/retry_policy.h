// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <functional>
#include <string_view>

#include "windrow/base/status.h"

namespace windrow::fs {

/// What one try of a request came to.
struct TryResult {
  Status status;
  bool may_pass = false;  ///< a failure that may be over soon: trying again makes sense
};

/// The time as a RetryPolicy sees it.
class RetryClock {
 public:
  virtual ~RetryClock() = default;
  /// Seconds since some moment.
  virtual double Now() = 0;
  /// Waits, or less when `stop` is requested.
  virtual void Sleep(double seconds, const arrow::StopToken& stop) = 0;
  /// A number from 0 to 1, another each time.
  virtual double Random() = 0;

  static RetryClock& Real();
};

/// How often and how long a request is tried. The wait doubles from try to try; a random
/// half of it is left out, so that many readers do not come back at the same moment.
struct RetryPolicy {
  int most_tries = 5;
  double first_wait_seconds = 0.2;
  double most_seconds = 10;    ///< after which no new try begins
  double request_seconds = 5;  ///< without a byte, after which a try has failed

  /// With WINDROW_STORE_TRIES, WINDROW_STORE_RETRY_SECONDS and
  /// WINDROW_STORE_REQUEST_SECONDS where they are set. UserError when one of them is no
  /// number above 0.
  static Result<RetryPolicy> FromEnvironment();

  /// Calls `attempt` until it succeeds, fails for good, or the policy gives up; a failure
  /// then says how often it was tried. Cancelled when `stop` is requested between tries.
  Status Run(std::string_view place, const std::function<TryResult()>& attempt,
             const arrow::StopToken& stop, RetryClock& clock = RetryClock::Real()) const;
};

}  // namespace windrow::fs
