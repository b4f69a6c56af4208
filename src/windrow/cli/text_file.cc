// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/text_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace windrow::cli {

std::optional<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open() || std::filesystem::is_directory(path)) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace windrow::cli
