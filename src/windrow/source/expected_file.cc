// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/expected_file.h"

#include <utility>

namespace windrow::source {

Result<BegunUnit> ExpectedFile::Begin(std::vector<arrow::io::ReadRange> ranges) {
  auto expected = std::make_shared<Expected>();
  ARROW_ASSIGN_OR_RAISE(expected->fetch, RangeFetch::Start(*file_, ranges, budget_,
                                                           /*is_needed=*/false, stop_));
  if (expected->fetch == nullptr) return BegunUnit{BegunUnit::State::kNoMemory, 0};
  const int64_t bytes = expected->fetch->bytes();
  const std::scoped_lock lock(mutex_);
  for (const auto& range : ranges) expected_[range.offset] = {range.length, expected};
  return BegunUnit{BegunUnit::State::kBegun, bytes};
}

void ExpectedFile::Release(const std::vector<arrow::io::ReadRange>& ranges) {
  const std::scoped_lock lock(mutex_);
  for (const auto& range : ranges) expected_.erase(range.offset);
}

Result<int64_t> ExpectedFile::ReadAt(int64_t position, int64_t nbytes, void* out) {
  std::shared_ptr<Expected> expected;
  {
    const std::scoped_lock lock(mutex_);
    auto after = expected_.upper_bound(position);
    if (after != expected_.begin()) {
      const auto& [offset, range] = *std::prev(after);
      if (position + nbytes <= offset + range.first) expected = range.second;
    }
  }
  if (expected == nullptr) return file_->ReadAt(position, nbytes, out);
  const std::scoped_lock lock(expected->mutex);
  if (!expected->has_come) {
    expected->fetched = expected->fetch->Wait(stop_);
    expected->has_come = true;
  }
  ARROW_RETURN_NOT_OK(expected->fetched.status());
  return (*expected->fetched)->ReadAt(position, nbytes, out);
}

}  // namespace windrow::source
