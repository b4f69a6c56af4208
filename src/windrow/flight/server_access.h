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
  /// Streams of one scan at once, each over a connection of its own. More than there are
  /// cores get in each other's way: on 2 cores 4 streams took 0.63 s for what 2 took
  /// 0.52 s for.
  int streams = DefaultStreams();
  /// A stream without a message for so long is broken off.
  double patience_seconds = 30;

  /// With WINDROW_FLIGHT_PATIENCE_SECONDS from the environment where it is set. UserError
  /// when it is no number above 0.
  static Result<ServerAccess> FromEnvironment();
  /// One a core, 4 at most and 2 at least.
  static int DefaultStreams();
};

}  // namespace windrow::flight
