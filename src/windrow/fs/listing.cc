// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/listing.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "windrow/fs/path_components.h"

namespace windrow::fs {
namespace {

constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

Status ErrnoError(const std::string& path, int error_number) {
  return StorageError(path, ": ", std::strerror(error_number));
}

std::string Join(const std::string& folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  return folder.ends_with('/') ? folder + std::string(name)
                               : folder + "/" + std::string(name);
}

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// Names in `folder` ("" is the current one) without "." and "..".
Result<std::vector<std::string>> NamesIn(const std::string& folder) {
  const char* path = folder.empty() ? "." : folder.c_str();
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path), closedir);
  if (dir == nullptr) return ErrnoError(path, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return ErrnoError(path, errno);
  return names;
}

class Lister {
 public:
  /// Adds every file below `folder`.
  Status AddFolder(const std::string& folder) {
    return Walk(
        folder, [](const std::string&) { return Status::OK(); },
        [this](const std::string& path, const struct stat& info) { Add(path, info); });
  }

  /// Adds what `components` match below `folder`.
  Status AddGlob(const std::string& folder, std::span<const std::string> components) {
    if (components.empty()) return AddPath(folder);
    const std::string& component = components.front();
    const auto rest = components.subspan(1);
    if (component == "**") return AddAnyDepth(folder, rest);
    if (!IsGlob(component)) {
      const std::string path = Join(folder, component);
      struct stat info;
      return stat(path.c_str(), &info) == 0 ? AddGlob(path, rest) : Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto names, NamesIn(folder));
    for (const std::string& name : names) {
      if (!MatchesGlob(component, name)) continue;
      const std::string path = Join(folder, name);
      if (!rest.empty() && !IsFolder(path)) continue;
      ARROW_RETURN_NOT_OK(AddGlob(path, rest));
    }
    return Status::OK();
  }

  /// Adds `path`, or what is below it.
  Status AddPath(const std::string& path) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) {
      // A dangling link matched by a glob names no data.
      return errno == ENOENT ? Status::OK() : ErrnoError(path, errno);
    }
    if (S_ISDIR(info.st_mode)) return AddFolder(path);
    Add(path, info);
    return Status::OK();
  }

  std::vector<FileEntry> Take() && {
    auto by_path = [](const FileEntry& a, const FileEntry& b) { return a.path < b.path; };
    std::sort(entries_.begin(), entries_.end(), by_path);
    // "a/**/**" reaches a file by more than one way.
    auto same = [](const FileEntry& a, const FileEntry& b) { return a.path == b.path; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
    return std::move(entries_);
  }

 private:
  void Add(const std::string& path, const struct stat& info) {
    entries_.push_back({path, static_cast<int64_t>(info.st_size), PartitionsOf(path)});
  }

  Status AddAnyDepth(const std::string& folder, std::span<const std::string> rest) {
    if (rest.empty()) return AddFolder(folder.empty() ? "." : folder);
    return Walk(
        folder, [&](const std::string& at) { return AddGlob(at, rest); },
        [](const std::string&, const struct stat&) {});
  }

  /// Calls `on_folder` for `folder` and each one below it, `on_file` for each regular
  /// file.
  template <typename OnFolder, typename OnFile>
  Status Walk(const std::string& folder, const OnFolder& on_folder,
              const OnFile& on_file) {
    struct stat self;
    const char* path = folder.empty() ? "." : folder.c_str();
    if (stat(path, &self) != 0) return ErrnoError(path, errno);
    const std::pair identity(self.st_dev, self.st_ino);
    // A link back to a folder being walked would never end.
    if (std::find(open_.begin(), open_.end(), identity) != open_.end()) {
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(on_folder(folder));
    open_.push_back(identity);
    ARROW_ASSIGN_OR_RAISE(auto names, NamesIn(folder));
    for (const std::string& name : names) {
      if (IsSkippedName(name)) continue;
      const std::string child = Join(folder, name);
      struct stat info;
      if (stat(child.c_str(), &info) != 0) {
        if (errno == ENOENT) continue;
        return ErrnoError(child, errno);
      }
      if (S_ISDIR(info.st_mode)) {
        ARROW_RETURN_NOT_OK(Walk(child, on_folder, on_file));
      } else if (S_ISREG(info.st_mode)) {
        on_file(child, info);
      }
    }
    open_.pop_back();
    return Status::OK();
  }

  std::vector<FileEntry> entries_;
  /// Device and inode of the folders on the way to the one being walked.
  std::vector<std::pair<dev_t, ino_t>> open_;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool has_digits = text[at] == '%' && at + 2 < text.size();
    const int high = has_digits ? HexDigit(text[at + 1]) : -1;
    const int low = has_digits ? HexDigit(text[at + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded.push_back(text[at]);
      continue;
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    at += 2;
  }
  return decoded;
}

}  // namespace

std::vector<PartitionValue> PartitionsOf(const std::string& path) {
  std::vector<PartitionValue> partitions;
  std::vector<std::string> components = PathComponents(path);
  if (!components.empty()) components.pop_back();
  for (const std::string& component : components) {
    const size_t equals = component.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string_view value = std::string_view(component).substr(equals + 1);
    std::optional<std::string> decoded;
    if (value != kNullPartition) decoded = UrlDecode(value);
    partitions.emplace_back(UrlDecode(std::string_view(component).substr(0, equals)),
                            std::move(decoded));
  }
  return partitions;
}

Result<std::vector<FileEntry>> ListFiles(const std::string& pattern,
                                         bool may_be_missing) {
  if (pattern.empty()) return StorageError("an empty path names no file");
  Lister lister;
  struct stat info;
  if (stat(pattern.c_str(), &info) == 0) {
    ARROW_RETURN_NOT_OK(lister.AddPath(pattern));
    return std::move(lister).Take();
  }
  const int error_number = errno;
  if (!IsGlob(pattern)) {
    if (error_number != ENOENT && error_number != ENOTDIR) {
      return ErrnoError(pattern, error_number);
    }
    if (may_be_missing) return std::vector<FileEntry>();
    return StorageError(pattern, ": no such file");
  }
  const std::vector<std::string> components = PathComponents(pattern);
  std::span<const std::string> below = components;
  std::string root;
  if (below.front().empty()) {
    root = "/";
    below = below.subspan(1);
  }
  ARROW_RETURN_NOT_OK(lister.AddGlob(root, below));
  auto entries = std::move(lister).Take();
  if (entries.empty() && !may_be_missing) {
    return StorageError(pattern, ": no file matches");
  }
  return entries;
}

}  // namespace windrow::fs
