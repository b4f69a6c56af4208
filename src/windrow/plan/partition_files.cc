// SPDX-License-Identifier: Apache-2.0
#include "windrow/plan/partition_files.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace windrow::plan {
namespace {

std::string MarkOf(const PartitionSpec& partition) {
  return "{" + partition.column.value + "}";
}

/// The last component of the path.
std::string NameOf(const WriteSpec& write) {
  const std::string& path = write.path.value;
  return path.substr(path.rfind('/') + 1);
}

std::string InFolder(const WriteSpec& write, const std::string& name) {
  const std::string& path = write.path.value;
  return path.substr(0, path.rfind('/') + 1) + name;
}

int CountOf(std::string_view text, std::string_view part) {
  int count = 0;
  for (size_t found = text.find(part); found != std::string_view::npos;
       found = text.find(part, found + part.size())) {
    ++count;
  }
  return count;
}

bool IsFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

void CheckValues(const WriteSpec& write, ProblemList& problems) {
  std::set<std::string_view> seen;
  for (const PlacedText& value : write.partition_by->values) {
    if (value.value.empty()) continue;
    if (!IsFileName(FileNameFor(write, value.value))) {
      problems.Add(value.place, "found the value '", value.value,
                   "' for 'partition_by'; expected part of a file name");
    } else if (!seen.insert(value.value).second) {
      problems.Add(value.place, "found the value '", value.value,
                   "' twice for 'partition_by'; expected each once");
    }
  }
}

void CheckManifest(const WriteSpec& write, ProblemList& problems) {
  const PlacedText& manifest = *write.manifest;
  if (manifest.value.empty()) return;
  const auto& values = write.partition_by->values;
  const bool is_taken =
      std::any_of(values.begin(), values.end(), [&](const PlacedText& value) {
        return FileNameFor(write, value.value) == manifest.value;
      });
  if (IsFileName(manifest.value) && !is_taken) return;
  problems.Add(manifest.place, "found '", manifest.value,
               "' for 'manifest'; expected a file name of its own, as it stands beside "
               "the files");
}

}  // namespace

std::string FolderOf(const WriteSpec& write) {
  const std::string& path = write.path.value;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string FileNameFor(const WriteSpec& write, const std::string& value) {
  const std::string mark = MarkOf(*write.partition_by);
  std::string name = NameOf(write);
  const size_t found = name.find(mark);
  return found == std::string::npos ? name : name.replace(found, mark.size(), value);
}

std::vector<std::string> FilesOf(const WriteSpec& write) {
  if (!write.partition_by.has_value()) return {write.path.value};
  std::vector<std::string> files;
  for (const PlacedText& value : write.partition_by->values) {
    files.push_back(InFolder(write, FileNameFor(write, value.value)));
  }
  if (write.manifest.has_value()) {
    files.push_back(InFolder(write, write.manifest->value));
  }
  return files;
}

void CheckPartition(const WriteSpec& write, ProblemList& problems) {
  if (!write.partition_by.has_value()) {
    if (!write.manifest.has_value()) return;
    problems.Add(write.manifest->place,
                 "found 'manifest' without 'partition_by'; expected both or neither");
    return;
  }
  const PartitionSpec& partition = *write.partition_by;
  if (partition.column.value.empty() || write.path.value.empty()) return;
  const std::string mark = MarkOf(partition);
  if (CountOf(write.path.value, mark) != 1 || CountOf(NameOf(write), mark) != 1) {
    problems.Add(write.path.place, "found the path '", write.path.value, "'; expected ",
                 mark, " in it once, in the file's name, as 'partition_by' asks");
    return;
  }
  CheckValues(write, problems);
  if (write.manifest.has_value()) CheckManifest(write, problems);
}

}  // namespace windrow::plan
