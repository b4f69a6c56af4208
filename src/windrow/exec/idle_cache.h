// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "windrow/exec/buffer_cache.h"

namespace windrow::exec {

/// Puts a cache away for the next run of the process.
struct PutAway {
  void operator()(BufferCache* cache) const;
};

/// The cache of a run, over Arrow's default pool: the one of the run before, if there was
/// one, with what it still holds. So a process that runs job after job gets the same
/// blocks again without a page fault for each of their pages. Thread-safe.
using RunCache = std::unique_ptr<BufferCache, PutAway>;
RunCache TakeRunCache(int64_t cached_bytes_max);

}  // namespace windrow::exec
