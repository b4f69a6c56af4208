// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/util/cancel.h>

#include <string>
#include <vector>

#include "windrow/base/status.h"
#include "windrow/exec/switches.h"
#include "windrow/fs/object_store.h"
#include "windrow/plan/prepare.h"
#include "windrow/runner/local_runner.h"

namespace windrow::runner {

/// What a user may say about a run of a plan, as typed. Defaults stand here once. Errors
/// about an option call it by its name on the command line, such as --memory.
struct EngineOptions {
  std::string memory;    ///< size; empty: half of what the process may use
  int slots = 0;         ///< 0: one per core
  std::string temp_dir;  ///< empty: the system's
  std::string on = "local";
  std::string s3_endpoint;       ///< URL; empty: AWS_ENDPOINT_URL, or else AWS
  std::string token_file;        ///< of Flight servers; empty: none
  std::string tls_ca;            ///< PEM file of trusted roots; empty: the system's
  std::vector<std::string> set;  ///< NAME=VALUE engine switches
};

Result<exec::Switches> SwitchesOf(const EngineOptions& options);

/// How the options say that object stores are reached.
fs::ObjectAccess ObjectAccessOf(const EngineOptions& options,
                                const exec::Switches& switches,
                                const arrow::StopToken& stop);

/// Reads the files that the options name.
Result<plan::Access> AccessOf(const EngineOptions& options,
                              const exec::Switches& switches,
                              const arrow::StopToken& stop);

Result<RunOptions> RunOptionsOf(const EngineOptions& options);

}  // namespace windrow::runner
