// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/terminal_text.h"

#include <unistd.h>

#include <cctype>
#include <cstdlib>

namespace windrow::cli {
namespace {

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kFaint = "\033[2m";
constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kPlain = "\033[0m";

void Append(std::string* text, std::string_view style, std::string_view part) {
  text->append(style).append(part).append(kPlain);
}

std::string ColourLine(std::string_view line) {
  // The branches are drawn in characters beyond ASCII.
  size_t begin = 0;
  while (begin < line.size() &&
         (line[begin] == ' ' || static_cast<unsigned char>(line[begin]) >= 0x80)) {
    ++begin;
  }
  const size_t end = std::min(line.find(' ', begin), line.size());
  const size_t bracket = std::min(line.find("  [", end), line.size());
  // A line that goes on with the one before it begins with a branch and two spaces.
  const bool is_note = bracket == line.size() && line.find("  ~", end) == line.npos;
  std::string text(line.substr(0, begin));
  if (is_note) {
    Append(&text, kFaint, line.substr(begin));
    return text;
  }
  Append(&text, kBold, line.substr(begin, end - begin));
  text += line.substr(end, bracket - end);
  if (bracket < line.size()) Append(&text, kFaint, line.substr(bracket));
  return text;
}

}  // namespace

bool MayColour(int file) {
  const char* off = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (off != nullptr && *off != '\0') return false;
  return isatty(file) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

std::string ErrorPrefix(bool has_colours) {
  std::string text;
  if (!has_colours) return "windrow: ";
  Append(&text, kRed, "windrow:");
  return text + " ";
}

std::string ColourTree(std::string_view text) {
  std::string coloured;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    coloured += ColourLine(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return coloured;
}

}  // namespace windrow::cli
