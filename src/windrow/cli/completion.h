// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace windrow::cli {

/// A script for the shell that completes the commands of `app`, their options and the
/// values of those that take one of a few; elsewhere names of files.
std::string BashCompletion(const CLI::App& app);
/// The same for zsh, which shows what each option is for.
std::string ZshCompletion(const CLI::App& app);

}  // namespace windrow::cli
