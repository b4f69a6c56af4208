// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/range_fetch.h"

#include <optional>
#include <utility>

#include "windrow/fs/fetch_threads.h"
#include "windrow/source/read_ranges.h"

namespace windrow::source {
namespace {

// A gap of a MiB costs less than the round trip of one more request.
constexpr CoalesceLimits kRemoteLimits{1 << 20, 64 << 20};
constexpr int64_t kLargestRequest = 16 << 20;

/// Bytes of a run, and the shares of the budget of all runs that came with it.
class HeldBuffer : public arrow::Buffer {
 public:
  HeldBuffer(std::shared_ptr<arrow::Buffer> memory,
             std::shared_ptr<exec::MemoryHold> hold)
      : arrow::Buffer(memory->data(), memory->size()),
        memory_(std::move(memory)),
        hold_(std::move(hold)) {}

 private:
  std::shared_ptr<arrow::Buffer> memory_;
  std::shared_ptr<exec::MemoryHold> hold_;
};

}  // namespace

Result<std::unique_ptr<RangeFetch>> RangeFetch::Start(
    const RemoteFile& file, std::vector<arrow::io::ReadRange> ranges,
    exec::MemoryBudget* budget, bool is_needed, const arrow::StopToken& stop) {
  const int64_t file_size = file.object().size_bytes;
  ARROW_ASSIGN_OR_RAISE(ranges,
                        CoalesceRanges(std::move(ranges), file_size, kRemoteLimits));
  std::unique_ptr<RangeFetch> fetch(new RangeFetch(file_size));
  if (const auto whole = file.whole(); whole != nullptr) {
    fetch->runs_.push_back({0, whole});
    return fetch;
  }
  for (const auto& range : ranges) fetch->bytes_ += range.length;
  if (is_needed) {
    ARROW_ASSIGN_OR_RAISE(fetch->hold_, exec::MemoryHold::Take(budget, fetch->bytes_));
  } else {
    std::optional<exec::MemoryHold> hold =
        exec::MemoryHold::TryTake(budget, fetch->bytes_);
    if (!hold.has_value()) return nullptr;
    fetch->hold_ = *std::move(hold);
  }
  for (const auto& range : ranges) {
    // Not from the run's pool: a request that was given up may outlive it.
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<arrow::Buffer> memory,
        arrow::AllocateBuffer(range.length, arrow::default_memory_pool()));
    for (const auto& piece : SplitRange(range, kLargestRequest)) {
      fetch->requests_.push_back(fs::FetchThreads::Start(
          [store = file.store(), object = file.object(), stop, memory, piece,
           start = range.offset, is_given_up = fetch->is_given_up_]() -> Status {
            if (*is_given_up) return Status::Cancelled("given up");
            return store->Read(object, piece.offset, piece.length,
                               memory->mutable_data() + (piece.offset - start), stop);
          }));
    }
    fetch->runs_.push_back({range.offset, std::move(memory)});
  }
  return fetch;
}

RangeFetch::~RangeFetch() { *is_given_up_ = true; }

Result<std::shared_ptr<FetchedRanges>> RangeFetch::Wait(const arrow::StopToken& stop) {
  for (const auto& request : requests_) {
    ARROW_RETURN_NOT_OK(fs::WaitFor(request, stop).status());
  }
  auto hold = std::make_shared<exec::MemoryHold>(std::move(hold_));
  auto fetched = std::make_shared<FetchedRanges>(file_size_);
  for (Run& run : runs_) {
    fetched->Add(run.offset, std::make_shared<HeldBuffer>(std::move(run.memory), hold));
  }
  return fetched;
}

}  // namespace windrow::source
