// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "windrow/runner/engine_options.h"

namespace windrow::cli {

/// The options every command that runs a plan has, as typed. Defaults stand here and in
/// runner::EngineOptions; the command line shows them.
struct EngineOptions : runner::EngineOptions {
  std::string report;             ///< file for the run report; empty: none
  std::string progress = "auto";  ///< auto, plain or none
  std::string metrics;            ///< file for metrics of the run; empty: none
  std::string log_level = "warn";
  std::string log_format = "text";  ///< text or json
  bool print_job = false;
  bool resume = false;  ///< keeps what tasks made, and uses what an earlier run kept
};

/// Options of `run` and `explain`.
struct DocumentOptions {
  std::string path;
  std::vector<std::string> definitions;  ///< NAME=VALUE for ${NAME}
};

}  // namespace windrow::cli
