// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace windrow::fs {

/// "a/b" is {"a", "b"}, "/a//b" is {"", "a", "b"}.
std::vector<std::string> PathComponents(std::string_view path);

/// True for names that a folder or a glob leaves out: they begin with '.', or with '_'
/// and are no partition folder.
bool IsSkippedName(std::string_view name);

/// True when `component` holds glob characters.
bool IsGlob(std::string_view component);

/// True when `name` matches the glob `component`: its characters do, and it is not
/// skipped unless the glob writes its first character.
bool MatchesGlob(const std::string& component, const std::string& name);

}  // namespace windrow::fs
