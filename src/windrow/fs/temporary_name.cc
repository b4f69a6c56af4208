// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/temporary_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string_view>

#include "windrow/fs/errno_error.h"

namespace windrow::fs {
namespace {

/// Leaves room in a file name of at most 255 bytes for the rest of the temporary's name.
constexpr size_t kStemBytes = 180;

std::string PrefixOf(const std::string& name) {
  std::string prefix = name.substr(0, kStemBytes) + ".windrow-";
  prefix.insert(prefix.begin(), '.');
  return prefix;
}

/// The process that made the temporary `name`, or 0 when it is not one of `prefix`.
pid_t OwnerOf(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(".tmp")) return 0;
  name.remove_prefix(prefix.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && *end == '-' && pid > 0 ? pid : 0;
}

bool IsUnlocked(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool is_locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return !is_locked;
}

}  // namespace

SplitPath SplitPath::Of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string NewTemporaryPath(const SplitPath& target) {
  std::random_device random;
  return target.folder + "/" + PrefixOf(target.name) + std::to_string(getpid()) + "-" +
         std::to_string(random()) + ".tmp";
}

// A process number alone does not tell that a run is over: the folder may be shared with
// another machine or container, so its lock is asked as well.
void RemoveStaleTemporaries(const SplitPath& target) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(target.folder.c_str()), closedir);
  if (dir == nullptr) return;
  const std::string prefix = PrefixOf(target.name);
  while (const dirent* entry = readdir(dir.get())) {
    const pid_t owner = OwnerOf(entry->d_name, prefix);
    if (owner == 0 || kill(owner, 0) == 0 || errno != ESRCH) continue;
    const std::string path = target.folder + "/" + entry->d_name;
    std::error_code ignored;
    if (IsUnlocked(path)) std::filesystem::remove_all(path, ignored);
  }
}

std::string ResolveLinks(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr),
                                                    free);
  return real == nullptr ? path : std::string(real.get());
}

Status SyncFolder(const std::string& path, const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A folder may be writable without being readable; its entry then reaches the device
  // later.
  if (fd < 0) return Status::OK();
  const int error_number = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  if (error_number == 0 || error_number == EINVAL || error_number == ENOTSUP) {
    return Status::OK();
  }
  return ErrnoError(path, "cannot sync its folder", error_number);
}

}  // namespace windrow::fs
