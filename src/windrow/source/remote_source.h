// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "windrow/exec/run_context.h"
#include "windrow/exec/table.h"

namespace windrow::source {

/// What RemoteSource::BeginUnit did.
struct BegunUnit {
  enum class State { kEnd, kNoMemory, kBegun };
  State state = State::kEnd;
  int64_t bytes = 0;  ///< on their way for the unit
};

/// Most bytes that a scan of several objects, or a gather from them, has on their way.
inline int64_t MostAheadBytes(bool prefetch, const exec::RunContext& context) {
  constexpr int64_t kMost = int64_t{256} << 20;  // sixteen of the largest requests
  return prefetch ? std::min(context.units_bytes / 2, kMost) : 0;
}

/// A scan of an object in a store, whose units can be asked for ahead.
class RemoteSource : public exec::Source {
 public:
  /// Begins to fetch one unit more than those begun before, for a later NextUnit, without
  /// waiting and without having others spill. Called from the thread that calls NextUnit.
  virtual Result<BegunUnit> BeginUnit() = 0;
};

/// The same of a row store. Thread-safe.
class RemoteRows {
 public:
  virtual ~RemoteRows() = default;
  /// Begins to fetch a column of a chunk for the LoadColumn or LoadRows that follows,
  /// without waiting and without having others spill.
  virtual Result<BegunUnit> BeginPiece(int chunk, int column) const = 0;
  /// Lets go of the bytes that BeginPiece asked for.
  virtual void ReleasePiece(int chunk, int column) const = 0;
};

}  // namespace windrow::source
