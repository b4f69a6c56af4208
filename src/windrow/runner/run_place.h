// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "windrow/base/status.h"

namespace windrow::runner {

/// Where a job runs, as --on says.
struct RunPlace {
  enum class Kind {
    kLocal,      ///< this process, in one piece
    kFragments,  ///< this process, as fragments of a cluster of `nodes` would
    kRay
  };
  Kind kind = Kind::kLocal;
  int nodes = 1;  ///< of kFragments
};

/// "local", "local:N", "ray:N" or "ray://HOST:PORT"; UserError otherwise.
Result<RunPlace> PlaceOf(const std::string& on);

}  // namespace windrow::runner
