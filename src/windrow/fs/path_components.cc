// SPDX-License-Identifier: Apache-2.0
#include "windrow/fs/path_components.h"

#include <fnmatch.h>

#include <algorithm>

namespace windrow::fs {

std::vector<std::string> PathComponents(std::string_view path) {
  std::vector<std::string> components;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin || begin == 0) {
      components.emplace_back(path.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return components;
}

bool IsSkippedName(std::string_view name) {
  if (name.starts_with('.')) return true;
  return name.starts_with('_') && name.find('=') == std::string_view::npos;
}

bool IsGlob(std::string_view component) {
  return component.find_first_of("*?[") != std::string_view::npos;
}

bool MatchesGlob(const std::string& component, const std::string& name) {
  if (IsSkippedName(name) && name.front() != component.front()) return false;
  return fnmatch(component.c_str(), name.c_str(), FNM_NOESCAPE) == 0;
}

}  // namespace windrow::fs
