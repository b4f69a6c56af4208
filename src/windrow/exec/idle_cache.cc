// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/idle_cache.h"

#include <mutex>
#include <utility>

namespace windrow::exec {
namespace {

/// One at most: several runs at a time are not the rule.
struct Idle {
  std::mutex mutex;
  std::unique_ptr<BufferCache> cache;
};

/// Lives to the end of the process, as Arrow's pool does.
Idle& TheIdle() {
  static auto* idle = new Idle;
  return *idle;
}

}  // namespace

void PutAway::operator()(BufferCache* cache) const {
  std::unique_ptr<BufferCache> put(cache);
  Idle& idle = TheIdle();
  const std::scoped_lock lock(idle.mutex);
  // The one that is dropped gives back its blocks.
  std::swap(idle.cache, put);
}

RunCache TakeRunCache(int64_t cached_bytes_max) {
  std::unique_ptr<BufferCache> cache;
  {
    Idle& idle = TheIdle();
    const std::scoped_lock lock(idle.mutex);
    cache = std::move(idle.cache);
  }
  if (cache == nullptr) {
    cache = std::make_unique<BufferCache>(cached_bytes_max, arrow::default_memory_pool());
  }
  cache->SetLimit(cached_bytes_max);
  return RunCache(cache.release());
}

}  // namespace windrow::exec
