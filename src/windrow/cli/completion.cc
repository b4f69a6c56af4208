// SPDX-License-Identifier: Apache-2.0
#include "windrow/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "windrow/exec/switches.h"

namespace windrow::cli {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

/// What an option takes, where that is one of a few; CLI11 tells it in braces.
std::vector<std::string> ValuesOf(const CLI::Option& option) {
  std::vector<std::string> values;
  if (option.check_lname("set")) {
    for (const exec::SwitchInfo& info : exec::ListSwitches()) {
      values.push_back(std::string(info.name) + "=");
    }
    return values;
  }
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return values;
  for (size_t begin = open + 1; begin < close;) {
    const size_t end = std::min(type.find(',', begin), close);
    values.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return values;
}

/// "-o" and "--output"; none for a positional one and for those that help does not show.
std::vector<std::string> NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  if (option.get_group().empty()) return names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

std::string BashCase(const CLI::App& command) {
  std::vector<std::string> names;
  std::string cases;
  std::string positional;
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string> own = NamesOf(*option);
    names.insert(names.end(), own.begin(), own.end());
    const std::vector<std::string> values = ValuesOf(*option);
    if (values.empty()) continue;
    if (own.empty()) positional = Joined(values);
    if (!own.empty()) {
      cases += fmt::format("        {}) values=\"{}\" ;;\n", fmt::join(own, "|"),
                           Joined(values));
    }
  }
  std::string text =
      fmt::format("    {})\n      options=\"{}\"\n", command.get_name(), Joined(names));
  if (!positional.empty()) text += fmt::format("      values=\"{}\"\n", positional);
  if (!cases.empty()) {
    text += "      case ${COMP_WORDS[COMP_CWORD-1]} in\n" + cases + "      esac\n";
  }
  return text + "      ;;\n";
}

/// Between single quotes of zsh, where brackets and colons end a description.
std::string ZshText(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':') quoted += '\\';
      quoted += c;
    }
  }
  return quoted;
}

std::string ZshArguments(const CLI::App& command) {
  std::string text;
  std::string positional = "'*:file:_files'";
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string> values = ValuesOf(*option);
    const std::string action =
        values.empty() ? "_files" : fmt::format("({})", Joined(values));
    const std::vector<std::string> names = NamesOf(*option);
    if (names.empty() && !values.empty()) {
      positional = fmt::format("'*:{}:{}'", ZshText(option->get_name()), action);
    }
    for (const std::string& name : names) {
      const bool takes_value = option->get_items_expected_max() > 0;
      text += fmt::format("        '*{}[{}]{}' \\\n", name,
                          ZshText(option->get_description()),
                          takes_value ? ":value:" + action : "");
    }
  }
  return text + "        " + positional;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::vector<std::string> commands = {"--help", "--version"};
  std::string cases;
  for (const CLI::App* command : CommandsOf(app)) {
    commands.push_back(command->get_name());
    cases += BashCase(*command);
  }
  return fmt::format(R"(# Completes windrow in bash: source <(windrow completion bash)
_windrow() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options="" values=""
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$word"))
    [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}}
complete -F _windrow windrow
)",
                     Joined(commands), cases);
}

std::string ZshCompletion(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : CommandsOf(app)) {
    commands += fmt::format("    '{}:{}'\n", command->get_name(),
                            ZshText(command->get_description()));
    cases += fmt::format("    {})\n      _arguments \\\n{}\n      ;;\n",
                         command->get_name(), ZshArguments(*command));
  }
  return fmt::format(R"(#compdef windrow
# Completes windrow in zsh: a file _windrow in a folder of $fpath, or
# source <(windrow completion zsh)
_windrow() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((--CURRENT))
  case $command in
{}  esac
}}
compdef _windrow windrow
)",
                     commands, cases);
}

}  // namespace windrow::cli
