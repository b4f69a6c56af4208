// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace windrow::cli {

/// What is wrong with the command line `words` that `app` refused with `error`, in one
/// line. An unknown command or option is named first, with the near one: what it would
/// have given is then often missing too, and the parser only tells that.
std::string UsageMessage(const CLI::App& app, const std::vector<std::string>& words,
                         const CLI::ParseError& error);

}  // namespace windrow::cli
