// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/usage_message.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "windrow/base/near_name.h"

namespace windrow::cli {
namespace {

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
  }
  return names;
}

const CLI::App* FindCommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The first word that looks like an option and is none of `command`; "" without one.
std::string UnknownOption(const CLI::App& command,
                          const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (name == "--") return "";
    if (name.starts_with("--") && name.find(' ') == std::string::npos &&
        command.get_option_no_throw(name) == nullptr) {
      return name;
    }
  }
  return "";
}

}  // namespace

std::string UsageMessage(const CLI::App& app, const std::vector<std::string>& words,
                         const CLI::ParseError& error) {
  const std::string first = words.empty() ? "" : words[0];
  const CLI::App* command = FindCommand(app, first);
  if (command == nullptr && !first.starts_with('-')) {
    const std::vector<std::string> names = CommandNames(app);
    const std::string found = first.empty() ? "" : " '" + first + "'";
    return fmt::format("found no command{}; expected one of {}{}; see windrow --help",
                       found, fmt::join(names, ", "), DidYouMean(first, names));
  }
  const CLI::App& refusing = command == nullptr ? app : *command;
  const std::string help =
      fmt::format("see windrow {}--help", command == nullptr ? "" : first + " ");
  const std::string unknown = UnknownOption(refusing, words);
  if (!unknown.empty()) {
    return fmt::format("found no option '{}'{}; {}", unknown,
                       DidYouMean(unknown, OptionNames(refusing)), help);
  }
  return fmt::format("{}; {}", error.what(), help);
}

}  // namespace windrow::cli
