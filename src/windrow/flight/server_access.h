// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <string>

#include "windrow/base/status.h"

namespace windrow::flight {

/// How a run reaches Flight servers. Copied freely.
struct ServerAccess {
  std::string token;      ///< sent with every call; "": none
  std::string tls_roots;  ///< PEM certificates that are trusted; "": the system's
  arrow::StopToken stop;  ///< ends every wait
  /// Streams of one scan at once, each over a connection of its own.
  int streams = 4;
  /// A stream without a message for so long is broken off.
  double patience_seconds = 30;

  /// With WINDROW_FLIGHT_PATIENCE_SECONDS from the environment where it is set. UserError
  /// when it is no number above 0.
  static Result<ServerAccess> FromEnvironment();
};

}  // namespace windrow::flight
