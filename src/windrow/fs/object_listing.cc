// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/object_listing.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "windrow/fs/errno_error.h"
#include "windrow/fs/fetch_threads.h"
#include "windrow/fs/path_components.h"

namespace windrow::fs {
namespace {

using Components = std::span<const std::string>;
using StorePtr = std::shared_ptr<ObjectStore>;

/// "s3:" and the bucket.
constexpr size_t kBucketComponents = 2;

bool HoldsSkipped(Components names) {
  return std::any_of(names.begin(), names.end(), IsSkippedName);
}

/// Whether `pattern` names the object at `path`, itself or as one of a folder. Both are
/// relative to the same folder.
bool Names(Components pattern, Components path) {
  if (pattern.empty()) return !HoldsSkipped(path);
  if (path.empty()) return false;
  const std::string& component = pattern.front();
  const auto rest = pattern.subspan(1);
  const bool is_file = path.size() == 1;
  if (component == "**") {
    if (rest.empty()) return !HoldsSkipped(path);
    if (Names(rest, path)) return true;
    return !is_file && !IsSkippedName(path.front()) && Names(pattern, path.subspan(1));
  }
  const bool matches = IsGlob(component) ? MatchesGlob(component, path.front())
                                         : component == path.front();
  if (!matches || (is_file && !rest.empty())) return false;
  return Names(rest, path.subspan(1));
}

FileEntry EntryOf(const ObjectInfo& object) {
  return {object.path, object.size_bytes, PartitionsOf(object.path), object.changed_at};
}

/// The objects below `folder`, which has `depth` components, that `pattern` names.
std::vector<FileEntry> Select(const std::vector<ObjectInfo>& objects, size_t depth,
                              Components pattern) {
  std::vector<FileEntry> entries;
  for (const ObjectInfo& object : objects) {
    const std::vector<std::string> path = PathComponents(object.path);
    if (path.size() > depth && Names(pattern, Components(path).subspan(depth))) {
      entries.push_back(EntryOf(object));
    }
  }
  return entries;
}

/// A path without a glob: an object, or a folder of them.
Result<std::optional<std::vector<FileEntry>>> ListPlain(ObjectStore& store,
                                                        const std::string& path,
                                                        const arrow::StopToken& stop) {
  const std::vector<std::string> components = PathComponents(path);
  const bool is_bucket = components.size() == kBucketComponents;
  // Most objects have an ending and most folders have none: asked first for the likely.
  const bool is_likely_object = !is_bucket && !path.ends_with('/') &&
                                components.back().find('.') != std::string::npos;
  const auto find = [&]() -> Result<std::optional<std::vector<FileEntry>>> {
    if (is_bucket || path.ends_with('/')) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const auto object, store.Find(path, stop));
    if (!object.has_value()) return std::nullopt;
    return std::vector<FileEntry>{EntryOf(*object)};
  };
  if (is_likely_object) {
    ARROW_ASSIGN_OR_RAISE(auto found, find());
    if (found.has_value()) return found;
  }
  ARROW_ASSIGN_OR_RAISE(const auto below, store.List(path, stop));
  if (below.has_value()) return Select(*below, components.size(), {});
  if (is_likely_object) return std::nullopt;
  return find();
}

Result<std::vector<FileEntry>> ListGlob(ObjectStore& store, const std::string& pattern,
                                        const arrow::StopToken& stop) {
  const std::vector<std::string> components = PathComponents(pattern);
  const auto first_glob = std::find_if(components.begin(), components.end(), IsGlob);
  const size_t depth = first_glob - components.begin();
  if (depth < kBucketComponents) {
    return StorageError(pattern, ": expected a bucket's name without * ? [");
  }
  std::string folder = components[0] + "//" + components[1];
  for (size_t i = kBucketComponents; i < depth; ++i) folder += "/" + components[i];
  ARROW_ASSIGN_OR_RAISE(const auto below, store.List(folder, stop));
  if (!below.has_value()) return std::vector<FileEntry>();
  // A path that exists is taken as it is, even if it holds glob characters.
  const auto is_literal = [&](const ObjectInfo& object) {
    return object.path == pattern || object.path.starts_with(pattern + "/");
  };
  if (std::any_of(below->begin(), below->end(), is_literal)) {
    std::vector<ObjectInfo> literal;
    std::copy_if(below->begin(), below->end(), std::back_inserter(literal), is_literal);
    if (literal.front().path == pattern) {
      return std::vector<FileEntry>{EntryOf(literal.front())};
    }
    return Select(literal, components.size(), {});
  }
  return Select(*below, depth, Components(components).subspan(depth));
}

Status CheckBucket(const std::string& path) {
  const std::vector<std::string> components = PathComponents(path);
  if (components.size() >= kBucketComponents && path.find("///") == std::string::npos) {
    return Status::OK();
  }
  return StorageError(path, ": names no bucket; expected s3://BUCKET/PATH");
}

Result<std::vector<FileEntry>> ListObjects(ObjectStore& store, const std::string& pattern,
                                           bool may_be_missing,
                                           const arrow::StopToken& stop) {
  ARROW_RETURN_NOT_OK(CheckBucket(pattern));
  if (!IsGlob(pattern)) {
    ARROW_ASSIGN_OR_RAISE(auto entries, ListPlain(store, pattern, stop));
    if (entries.has_value()) return *std::move(entries);
    if (may_be_missing) return std::vector<FileEntry>();
    return StorageError(pattern, ": no such file");
  }
  ARROW_ASSIGN_OR_RAISE(auto entries, ListGlob(store, pattern, stop));
  if (entries.empty() && !may_be_missing) {
    return StorageError(pattern, ": no file matches");
  }
  return entries;
}

}  // namespace

Result<std::vector<std::vector<FileEntry>>> ListFiles(
    const std::vector<std::string>& patterns, const ObjectAccess& access,
    bool may_be_missing) {
  std::vector<arrow::Future<std::vector<FileEntry>>> asked(patterns.size());
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (!IsObjectPath(patterns[i])) continue;
    ARROW_ASSIGN_OR_RAISE(const StorePtr store, OpenObjectStore(access));
    asked[i] = FetchThreads::Start(
        [store, pattern = patterns[i], may_be_missing, stop = access.stop] {
          return ListObjects(*store, pattern, may_be_missing, stop);
        });
  }
  std::vector<std::vector<FileEntry>> listed(patterns.size());
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (asked[i].is_valid()) {
      ARROW_ASSIGN_OR_RAISE(listed[i], WaitFor(asked[i], access.stop));
    } else {
      ARROW_ASSIGN_OR_RAISE(listed[i], ListFiles(patterns[i], may_be_missing));
    }
  }
  return listed;
}

Result<std::optional<std::vector<FileEntry>>> ListFolder(const std::string& folder,
                                                         const ObjectAccess& access) {
  if (IsObjectPath(folder)) {
    ARROW_RETURN_NOT_OK(CheckBucket(folder));
    ARROW_ASSIGN_OR_RAISE(const StorePtr store, OpenObjectStore(access));
    const std::string below = folder.ends_with('/') ? folder : folder + "/";
    return WaitFor(FetchThreads::Start([store, below, stop = access.stop] {
                     return ListPlain(*store, below, stop);
                   }),
                   access.stop);
  }
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return ErrnoError(folder, "cannot be listed", errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return StorageError(folder, ": is a file, expected a folder");
  }
  ARROW_ASSIGN_OR_RAISE(auto entries, ListFiles(folder));
  return entries;
}

}  // namespace windrow::fs
