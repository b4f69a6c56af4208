// SPDX-License-Identifier: Apache-2.0
#include "windrow/base/text_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace windrow {

std::optional<std::string> ReadTextFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open() || std::filesystem::is_directory(path)) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<std::string> ReadToken(const std::string& path) {
  const std::optional<std::string> text = ReadTextFile(path);
  if (!text.has_value()) {
    return UserError("--token-file ", path, ": cannot be read; expected a file");
  }
  std::istringstream words(*text);
  std::string token;
  std::string more;
  if (!(words >> token) || (words >> more)) {
    return UserError("--token-file ", path, ": expected one word, the token");
  }
  return token;
}

}  // namespace windrow
