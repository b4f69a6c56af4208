// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "windrow/flight/key_filter.h"

namespace windrow::service {

/// Filters that clients have left for the scans that follow. Keeps the ones used last, up
/// to a number of bytes. Thread-safe.
class KeyFilters {
 public:
  /// One filter may have up to `most_bytes_each`.
  KeyFilters(int64_t most_bytes, int64_t most_bytes_each)
      : most_bytes_(most_bytes), most_bytes_each_(most_bytes_each) {}

  /// Its id. UserError when it is too long or no filter.
  Result<std::string> Add(std::string bytes);
  /// StorageError when it is not here (any more): the client then leaves it again.
  Result<std::shared_ptr<const flight::KeyFilter>> Find(const std::string& id);

 private:
  struct Kept {
    std::string id;
    std::shared_ptr<const flight::KeyFilter> filter;
  };

  const int64_t most_bytes_;
  const int64_t most_bytes_each_;
  std::mutex mutex_;      ///< guards what follows
  std::list<Kept> kept_;  ///< used last first
  int64_t bytes_ = 0;
};

}  // namespace windrow::service
