// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/temp_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "windrow/fs/errno_error.h"

namespace windrow::fs {
namespace {

constexpr const char* kCannotMake = "cannot make a temporary file";

/// For file systems without O_TMPFILE: a kill between the two calls leaves an empty file.
int OpenAndUnlink(const std::string& folder) {
  std::string path = folder + "/.windrow-XXXXXX.tmp";
  const int descriptor = mkostemps(path.data(), /*suffixlen=*/4, O_CLOEXEC);
  if (descriptor >= 0) unlink(path.c_str());
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<TempFile>> TempFile::Open(const std::string& folder) {
  int descriptor = open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  // Kernels and file systems that do not know the flag say so in these three ways.
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    descriptor = OpenAndUnlink(folder);
  }
  if (descriptor < 0) return ErrnoError(folder, kCannotMake, errno);
  return std::unique_ptr<TempFile>(new TempFile(folder, descriptor));
}

TempFile::TempFile(std::string folder, int descriptor)
    : folder_(std::move(folder)), descriptor_(descriptor) {}

TempFile::~TempFile() { close(descriptor_); }

Status TempFile::WriteAt(int64_t offset, const uint8_t* bytes, int64_t size) {
  while (size > 0) {
    const ssize_t written = pwrite(descriptor_, bytes, static_cast<size_t>(size), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(folder_, "cannot write a temporary file", errno);
    bytes += written;
    offset += written;
    size -= written;
  }
  return Status::OK();
}

Status TempFile::ReadAt(int64_t offset, uint8_t* bytes, int64_t size) const {
  while (size > 0) {
    const ssize_t read = pread(descriptor_, bytes, static_cast<size_t>(size), offset);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return ErrnoError(folder_, "cannot read a temporary file", errno);
    if (read == 0) {
      return StorageError(folder_, ": a temporary file ends at byte ", offset,
                          "; expected ", size, " more");
    }
    bytes += read;
    offset += read;
    size -= read;
  }
  return Status::OK();
}

}  // namespace windrow::fs
