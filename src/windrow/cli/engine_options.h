// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace windrow::cli {

/// The options every command that runs a plan has, as typed. Defaults stand here once;
/// the command line shows them.
struct EngineOptions {
  std::string memory;    ///< size; empty: half of what the process may use
  int slots = 0;         ///< 0: one per core
  std::string temp_dir;  ///< empty: the system's
  std::string on = "local";
  std::string s3_endpoint;        ///< URL; empty: AWS_ENDPOINT_URL, or else AWS
  std::string token_file;         ///< of Flight servers; empty: none
  std::string tls_ca;             ///< PEM file of trusted roots; empty: the system's
  std::string report;             ///< file for the run report; empty: none
  std::string progress = "auto";  ///< auto, plain or none
  std::string metrics;            ///< file for metrics of the run; empty: none
  std::string log_level = "warn";
  std::string log_format = "text";  ///< text or json
  bool print_job = false;
  std::vector<std::string> set;  ///< NAME=VALUE engine switches
};

/// Options of `run` and `explain`.
struct DocumentOptions {
  std::string path;
  std::vector<std::string> definitions;  ///< NAME=VALUE for ${NAME}
};

}  // namespace windrow::cli
