// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "windrow/exec/table.h"

namespace windrow::source {

/// What RemoteSource::BeginUnit did.
struct BegunUnit {
  enum class State { kEnd, kNoMemory, kBegun };
  State state = State::kEnd;
  int64_t bytes = 0;  ///< on their way for the unit
};

/// A scan of an object in a store, whose units can be asked for ahead.
class RemoteSource : public exec::Source {
 public:
  /// Begins to fetch one unit more than those begun before, for a later NextUnit, without
  /// waiting and without having others spill. Called from the thread that calls NextUnit.
  virtual Result<BegunUnit> BeginUnit() = 0;
};

}  // namespace windrow::source
