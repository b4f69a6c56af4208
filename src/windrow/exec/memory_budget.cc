// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/memory_budget.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "windrow/base/byte_size.h"

namespace windrow::exec {

MemoryBudget::MemoryBudget(int64_t budget_bytes, arrow::MemoryPool* backing,
                           int64_t kept_bytes)
    : budget_bytes_(budget_bytes), kept_bytes_(kept_bytes), backing_(backing) {}

Status MemoryBudget::Reserve(int64_t bytes) {
  int64_t before = used_bytes_;
  do {
    const int64_t held = kept_bytes_ + before;
    if (bytes > 0 && bytes > budget_bytes_ - held) {
      return ResourceError("memory budget: ", FormatByteSize(bytes), " asked with ",
                           FormatByteSize(held), " of ", FormatByteSize(budget_bytes_),
                           " in use; expected to fit, raise --memory");
    }
  } while (!used_bytes_.compare_exchange_weak(before, before + bytes));
  const int64_t used = before + bytes;
  int64_t peak = peak_bytes_;
  while (used > peak && !peak_bytes_.compare_exchange_weak(peak, used)) {
  }
  return Status::OK();
}

Status MemoryBudget::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(Reserve(size));
  const Status status = backing_->Allocate(size, alignment, out);
  if (!status.ok()) {
    Release(size);
    return status;
  }
  total_bytes_ += size;
  ++num_allocations_;
  return Status::OK();
}

Status MemoryBudget::Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                                uint8_t** ptr) {
  ARROW_RETURN_NOT_OK(Reserve(new_size - old_size));
  const Status status = backing_->Reallocate(old_size, new_size, alignment, ptr);
  if (!status.ok()) {
    Release(new_size - old_size);
    return status;
  }
  total_bytes_ += std::max<int64_t>(0, new_size - old_size);
  return Status::OK();
}

void MemoryBudget::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  backing_->Free(buffer, size, alignment);
  Release(size);
}

namespace {

/// The number in a cgroup limit file; no limit ("max", no file) is the largest int64.
int64_t CgroupLimit(const char* path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  if (file >> bytes && bytes > 0) return bytes;
  return std::numeric_limits<int64_t>::max();
}

/// Sum of the named fields of /proc/self/status, in bytes.
int64_t StatusFields(std::initializer_list<const char*> names) {
  std::ifstream file("/proc/self/status");
  std::string line;
  int64_t kibibytes = 0;
  while (std::getline(file, line)) {
    for (const std::string name : names) {
      if (line.starts_with(name)) kibibytes += std::stoll(line.substr(name.size()));
    }
  }
  return kibibytes * 1024;
}

}  // namespace

int64_t DefaultBudgetBytes() {
  const int64_t machine = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  return std::min({machine, CgroupLimit("/sys/fs/cgroup/memory.max"),
                   CgroupLimit("/sys/fs/cgroup/memory/memory.limit_in_bytes")}) /
         2;
}

int64_t AnonymousBytesNow() { return StatusFields({"RssAnon:", "RssShmem:"}); }

int64_t PeakResidentBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace windrow::exec
