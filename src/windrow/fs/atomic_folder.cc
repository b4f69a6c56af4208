// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/atomic_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "windrow/base/check.h"
#include "windrow/fs/errno_error.h"
#include "windrow/fs/temporary_name.h"

namespace windrow::fs {
namespace {

struct Entry {
  std::string name;
  bool is_file = false;
};

/// What `folder` holds, by name; errors name `path`.
Result<std::vector<Entry>> EntriesOf(const std::string& folder, const std::string& path) {
  std::vector<Entry> entries;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    const bool is_file =
        entry->symlink_status(ignored).type() == std::filesystem::file_type::regular;
    entries.push_back({entry->path().filename(), is_file});
  }
  if (error) return ErrnoError(path, "cannot list", error.value());
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// True when a rename between the two folders would leave a mounted file system.
bool AreMountedApart(const std::string& a, const std::string& b) {
  struct statx first;
  struct statx second;
  const unsigned wanted = STATX_MNT_ID | STATX_INO;
  if (statx(AT_FDCWD, a.c_str(), 0, wanted, &first) != 0 ||
      statx(AT_FDCWD, b.c_str(), 0, wanted, &second) != 0) {
    return false;
  }
  return first.stx_mnt_id != second.stx_mnt_id ||
         first.stx_dev_major != second.stx_dev_major ||
         first.stx_dev_minor != second.stx_dev_minor;
}

/// What renameat2 gives where the kernel or the file system cannot exchange, or where the
/// folder cannot be renamed at all.
bool CannotRename(int error_number) {
  return error_number == EINVAL || error_number == ENOSYS || error_number == EXDEV ||
         error_number == EBUSY || error_number == EPERM || error_number == EACCES;
}

}  // namespace

Result<std::unique_ptr<AtomicFolder>> AtomicFolder::Make(const std::string& path,
                                                         Options options) {
  if (path.empty()) return StorageError("an empty path names no output folder");
  struct stat info;
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && !S_ISDIR(info.st_mode)) {
    return UserError(path, ": is a file; expected a folder, or nothing yet");
  }
  std::string target = exists ? ResolveLinks(path) : path;
  while (target.size() > 1 && target.ends_with('/')) target.pop_back();
  const SplitPath parts = SplitPath::Of(target);
  if (!exists && stat(parts.folder.c_str(), &info) != 0) {
    return StorageError(path, ": the folder to make it in does not exist");
  }
  if (exists && access(target.c_str(), W_OK | X_OK) != 0) {
    return ErrnoError(path, "cannot write", errno);
  }
  std::unique_ptr<AtomicFolder> folder(
      new AtomicFolder(path, std::move(target), std::move(options)));
  folder->is_inside_ = exists && (AreMountedApart(folder->target_, parts.folder) ||
                                  access(parts.folder.c_str(), W_OK | X_OK) != 0);
  ARROW_RETURN_NOT_OK(folder->MakeStaging());
  return folder;
}

AtomicFolder::AtomicFolder(std::string path, std::string target, Options options)
    : path_(std::move(path)), target_(std::move(target)), options_(std::move(options)) {}

AtomicFolder::~AtomicFolder() { Abort(); }

Status AtomicFolder::MakeStaging() {
  const SplitPath beside = SplitPath::Of(target_);
  const SplitPath inside{target_, beside.name};
  RemoveStaleTemporaries(beside);
  RemoveStaleTemporaries(inside);
  std::string made;
  do {
    made = NewTemporaryPath(is_inside_ ? inside : beside);
    if (mkdir(made.c_str(), 0777) == 0) break;
    if (errno != EEXIST) return ErrnoError(path_, "cannot create", errno);
  } while (true);
  staging_ = shown_as_ = made;
  // File systems without locks are left to the process number.
  lock_ = open(made.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0) (void)flock(lock_, LOCK_EX | LOCK_NB);
  return Status::OK();
}

Status AtomicFolder::Commit() {
  WINDROW_CHECK(!staging_.empty());
  const Status status = Locate(Publish());
  // What is left under the hidden name: nothing, the former output, or after a failure
  // what could not be moved.
  Abort();
  return status;
}

Status AtomicFolder::Publish() {
  std::vector<std::string> names;
  ARROW_ASSIGN_OR_RAISE(const auto entries, EntriesOf(staging_, path_));
  for (const Entry& entry : entries) names.push_back(entry.name);
  if (options_.is_synced) ARROW_RETURN_NOT_OK(SyncFolder(path_, staging_));
  bool is_whole = false;
  if (!is_inside_) {
    ARROW_ASSIGN_OR_RAISE(is_whole, TryWhole(names));
  }
  if (!is_whole) ARROW_RETURN_NOT_OK(MoveFiles(names));
  if (!options_.is_synced) return Status::OK();
  return SyncFolder(path_, is_whole ? SplitPath::Of(target_).folder : target_);
}

Result<bool> AtomicFolder::TryWhole(const std::vector<std::string>& names) {
  struct stat former;
  if (lstat(target_.c_str(), &former) != 0) {
    if (rename(staging_.c_str(), target_.c_str()) == 0) return true;
    const int error_number = errno;
    // Something else may have got the name by now.
    if (lstat(target_.c_str(), &former) != 0) {
      return ErrnoError(path_, "cannot publish", error_number);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto entries, EntriesOf(target_, path_));
  for (const Entry& entry : entries) {
    if (!entry.is_file || !IsOwned(entry.name, names)) return false;
  }
  (void)chmod(staging_.c_str(), former.st_mode & 07777);
  if (renameat2(AT_FDCWD, staging_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) ==
      0) {
    return true;
  }
  if (CannotRename(errno)) return false;
  return ErrnoError(path_, "cannot publish", errno);
}

bool AtomicFolder::IsOwned(const std::string& name,
                           const std::vector<std::string>& names) const {
  if (name == options_.manifest || Contains(names, name)) return true;
  return options_.is_owned != nullptr && options_.is_owned(name);
}

Status AtomicFolder::MoveFiles(const std::vector<std::string>& names) {
  ARROW_ASSIGN_OR_RAISE(const auto entries, EntriesOf(target_, path_));
  std::vector<std::string> obsolete;
  for (const Entry& entry : entries) {
    if (!entry.is_file && Contains(names, entry.name)) {
      return StorageError(path_, "/", entry.name,
                          ": is there and is no plain file; expected one to replace");
    }
    if (entry.is_file && IsOwned(entry.name, names) && !Contains(names, entry.name)) {
      obsolete.push_back(target_ + "/" + entry.name);
    }
  }
  const auto remove_file = [&](const std::string& file) {
    if (unlink(file.c_str()) == 0 || errno == ENOENT) return Status::OK();
    return ErrnoError(file, "cannot remove", errno);
  };
  const auto move_file = [&](const std::string& name) {
    const std::string from = staging_ + "/" + name;
    if (rename(from.c_str(), (target_ + "/" + name).c_str()) == 0) return Status::OK();
    return ErrnoError(from, "cannot publish", errno);
  };
  const std::string& manifest = options_.manifest;
  if (!manifest.empty()) ARROW_RETURN_NOT_OK(remove_file(target_ + "/" + manifest));
  for (const std::string& name : names) {
    if (name != manifest) ARROW_RETURN_NOT_OK(move_file(name));
  }
  for (const std::string& file : obsolete) ARROW_RETURN_NOT_OK(remove_file(file));
  return Contains(names, manifest) ? move_file(manifest) : Status::OK();
}

void AtomicFolder::Abort() {
  std::error_code ignored;
  if (!staging_.empty()) std::filesystem::remove_all(staging_, ignored);
  staging_.clear();
  if (lock_ >= 0) close(std::exchange(lock_, -1));
}

Status AtomicFolder::Locate(const Status& status) const {
  if (status.ok()) return status;
  std::string message = status.message();
  for (size_t found = message.find(shown_as_); found != std::string::npos;
       found = message.find(shown_as_, found + path_.size())) {
    message.replace(found, shown_as_.size(), path_);
  }
  return Fail(BlameOf(status), std::move(message));
}

}  // namespace windrow::fs
