// SPDX-License-Identifier: Apache-2.0
#include "windrow/source/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

namespace windrow::source {
namespace {

// Linux 5.14 and later; older headers do not name it.
constexpr int kPopulateRead = 22;

class MappedBuffer : public arrow::Buffer {
 public:
  MappedBuffer(void* address, int64_t size)
      : arrow::Buffer(static_cast<const uint8_t*>(address), size) {}
  ~MappedBuffer() override { ::munmap(const_cast<uint8_t*>(data()), size()); }
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Status SystemError(const std::string& path, const char* what) {
  if (errno == ENOENT) return StorageError(path, ": no such file");
  return StorageError(path, ": ", what, ": ", std::strerror(errno));
}

}  // namespace

Result<std::shared_ptr<MappedFile>> MappedFile::Open(const std::string& path) {
  // Without O_NONBLOCK, opening a named pipe would wait for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (file.number() < 0 || ::fstat(file.number(), &info) != 0) {
    return SystemError(path, "cannot be opened");
  }
  if (S_ISDIR(info.st_mode)) {
    return DataError(path, ": is a directory, expected an Arrow IPC file");
  }
  if (!S_ISREG(info.st_mode)) {
    return DataError(path, ": is no regular file, so it cannot be mapped");
  }
  std::shared_ptr<arrow::Buffer> bytes = std::make_shared<arrow::Buffer>(nullptr, 0);
  if (info.st_size > 0) {
    void* address =
        ::mmap(nullptr, info.st_size, PROT_READ, MAP_SHARED, file.number(), 0);
    if (address == MAP_FAILED) return SystemError(path, "cannot be mapped");
    bytes = std::make_shared<MappedBuffer>(address, info.st_size);
  }
  return std::shared_ptr<MappedFile>(new MappedFile(path, std::move(bytes)));
}

Result<std::shared_ptr<MappedFile>> MappedFile::Map(const std::string& path,
                                                    const fs::TempFile& file,
                                                    int64_t size) {
  std::shared_ptr<arrow::Buffer> bytes = std::make_shared<arrow::Buffer>(nullptr, 0);
  if (size > 0) {
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    if (address == MAP_FAILED) return SystemError(path, "cannot be mapped");
    bytes = std::make_shared<MappedBuffer>(address, size);
  }
  return std::shared_ptr<MappedFile>(new MappedFile(path, std::move(bytes)));
}

Status MappedFile::Fetch(int64_t offset, int64_t length) const {
  if (length <= 0) return Status::OK();
  static std::atomic<bool> can_populate{true};
  static const int64_t page = ::sysconf(_SC_PAGESIZE);
  const int64_t begin = offset / page * page;
  uint8_t* address = const_cast<uint8_t*>(data()) + begin;
  const size_t size = static_cast<size_t>(offset + length - begin);
  if (can_populate.load(std::memory_order_relaxed)) {
    if (::madvise(address, size, kPopulateRead) == 0) return Status::OK();
    if (errno == EFAULT || errno == EHWPOISON || errno == EIO) {
      return StorageError(path_, ": bytes ", begin, " to ", offset + length,
                          " cannot be read: the file has shrunk or the device fails");
    }
    if (errno != EINVAL) return Status::OK();
    can_populate.store(false, std::memory_order_relaxed);
  }
  // Advice only: when it is refused, the pages come in on first use.
  ::posix_madvise(address, size, POSIX_MADV_WILLNEED);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Buffer>> MapZeros(int64_t size) {
  if (size <= 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
  void* address = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) {
    return ResourceError("no address space for ", size, " bytes: ", std::strerror(errno));
  }
  return std::make_shared<MappedBuffer>(address, size);
}

}  // namespace windrow::source
