// SPDX-License-Identifier: Apache-2.0
#include "windrow/service/key_filters.h"

#include <algorithm>
#include <utility>

#include "windrow/base/byte_size.h"

namespace windrow::service {

Result<std::string> KeyFilters::Add(std::string bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (size > most_bytes_each_) {
    return UserError("found a key filter of ", FormatByteSize(size),
                     "; expected at most ", FormatByteSize(most_bytes_each_));
  }
  auto parsed = flight::KeyFilter::Parse(std::move(bytes));
  if (!parsed.ok()) return UserError(parsed.status().message());
  auto filter = std::make_shared<const flight::KeyFilter>(*std::move(parsed));
  std::string id = filter->id();
  const std::scoped_lock lock(mutex_);
  const auto same = std::find_if(kept_.begin(), kept_.end(),
                                 [&](const Kept& kept) { return kept.id == id; });
  if (same != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, same);
    return id;
  }
  kept_.push_front({id, std::move(filter)});
  bytes_ += size;
  while (bytes_ > most_bytes_ && kept_.size() > 1) {
    bytes_ -= static_cast<int64_t>(kept_.back().filter->bytes().size());
    kept_.pop_back();
  }
  return id;
}

Result<std::shared_ptr<const flight::KeyFilter>> KeyFilters::Find(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& kept) { return kept.id == id; });
  if (found == kept_.end()) {
    return StorageError("found no key filter ", id,
                        " here; expected it to be sent first");
  }
  kept_.splice(kept_.begin(), kept_, found);
  return found->filter;
}

}  // namespace windrow::service
