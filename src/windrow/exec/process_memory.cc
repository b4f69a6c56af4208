// SPDX-License-Identifier: Apache-2.0
#include "windrow/exec/process_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace windrow::exec {
namespace {

std::vector<std::string> SplitAt(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool Lists(std::string_view names, std::string_view name) {
  const std::vector<std::string> parts = SplitAt(names, ',');
  return std::find(parts.begin(), parts.end(), name) != parts.end();
}

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string WithoutEscapes(std::string_view text) {
  const auto is_octal = [](char digit) { return digit >= '0' && digit <= '7'; };
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::all_of(&text[i + 1], &text[i + 1] + 3, is_octal)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// A mounted cgroup hierarchy that limits memory.
struct Hierarchy {
  std::string root;   ///< the group that the mount shows at its top
  std::string mount;  ///< where it is mounted
  bool is_v2 = false;
};

std::vector<Hierarchy> MemoryHierarchies(std::string_view mountinfo) {
  // 36 35 98:0 ROOT MOUNT OPTIONS [OPTIONAL ...] - TYPE SOURCE SUPER_OPTIONS
  std::vector<Hierarchy> hierarchies;
  for (const std::string& line : SplitAt(mountinfo, '\n')) {
    const std::vector<std::string> fields = SplitAt(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
    const bool is_v2 = dash[1] == "cgroup2";
    if (!is_v2 && (dash[1] != "cgroup" || !Lists(dash[3], "memory"))) continue;
    hierarchies.push_back({WithoutEscapes(fields[3]), WithoutEscapes(fields[4]), is_v2});
  }
  return hierarchies;
}

/// The process's group of that hierarchy, such as "/user.slice"; empty without one.
std::string GroupIn(const Hierarchy& hierarchy, std::string_view cgroup) {
  for (const std::string& line : SplitAt(cgroup, '\n')) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_wanted =
        hierarchy.is_v2 ? controllers.empty() : Lists(controllers, "memory");
    if (is_wanted) return line.substr(second + 1);
  }
  return {};
}

/// `group` as seen below the mount; empty when the mount does not show it and its top is
/// all that is known.
std::string BelowMount(const Hierarchy& hierarchy, const std::string& group) {
  if (group.find("/..") != std::string::npos) return {};
  if (hierarchy.root == "/") return group == "/" ? "" : group;
  if (!group.starts_with(hierarchy.root)) return {};
  const std::string rest = group.substr(hierarchy.root.size());
  return rest.starts_with('/') ? rest : "";
}

/// The number in a limit file; no limit ("max", no file) is the largest int64.
int64_t LimitIn(const std::string& path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  return file >> bytes && bytes > 0 ? bytes : INT64_MAX;
}

std::string ReadText(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
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

std::vector<std::string> MemoryLimitFiles(std::string_view cgroup,
                                          std::string_view mountinfo) {
  std::vector<std::string> files;
  for (const Hierarchy& hierarchy : MemoryHierarchies(mountinfo)) {
    const std::string group = GroupIn(hierarchy, cgroup);
    if (group.empty()) continue;
    const char* name = hierarchy.is_v2 ? "/memory.max" : "/memory.limit_in_bytes";
    std::string below = BelowMount(hierarchy, group);
    while (true) {
      files.push_back(hierarchy.mount + below + name);
      if (below.empty()) break;
      below.resize(below.rfind('/'));
    }
  }
  return files;
}

int64_t DefaultBudgetBytes() {
  int64_t least = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE);
  for (const std::string& path : MemoryLimitFiles(ReadText("/proc/self/cgroup"),
                                                  ReadText("/proc/self/mountinfo"))) {
    least = std::min(least, LimitIn(path));
  }
  return least / 2;
}

int64_t AnonymousBytesNow() { return StatusFields({"RssAnon:", "RssShmem:"}); }

int64_t PeakResidentBytes() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace windrow::exec
